import { join } from 'node:path';
import { toHex } from '@enigma-worker/crypto';
import { StoreError } from '../store/errors.js';
import type { Progress } from '../store/progress.js';
import { openStoreReader } from '../store/reader.js';
import type { StoreReader } from '../store/store.js';
import { type Problem, type VerifyReport, verifyStore } from '../store/tools/verify.js';
import { SIGNING_KEY } from './identity.js';
import { type Sealer, SealingError } from './sealing/sealer.js';
import { labelOf } from './state-keys.js';
import { stateInspector } from './state/inspector.js';

/** Options of {@link verifyWorker}. */
export interface VerifyWorkerOptions {
  /** Opens the state keys; without it, what is sealed is not looked into. */
  readonly sealer?: Sealer;
  readonly progress?: Progress;
}

/**
 * Checks all that a worker stores, also while it runs: what `verifyStore` checks and, with the sealing key at
 * hand, that the signing key and the state keys open, and what is sealed under those.
 * @param dataDir as given to `startWorker`
 * @throws StoreError when there is no store; SealingError `WRONG_KEY` when the sealer is not the store's
 */
export async function verifyWorker(
  dataDir: string,
  { sealer, progress }: VerifyWorkerOptions = {},
): Promise<VerifyReport> {
  const folder = join(dataDir, 'store');
  const options = progress === undefined ? {} : { progress };
  if (sealer === undefined) return await verifyStore(folder, options);
  await using keys = new SealedKeys(folder, sealer);
  const inspector = stateInspector((address) => keys.stateKey(address));
  const report = await verifyStore(folder, { ...options, inspector });
  return { ...report, problems: [...report.problems, ...keys.problems] };
}

/** Opened with the first key: not before `verifyStore` found that the file can be read without harm. */
class SealedKeys implements AsyncDisposable {
  readonly problems: Problem[] = [];
  readonly #folder: string;
  readonly #sealer: Sealer;
  #reader: StoreReader | undefined;

  constructor(folder: string, sealer: Sealer) {
    this.#folder = folder;
    this.#sealer = sealer;
  }

  stateKey(address: Uint8Array): Uint8Array | undefined {
    const name = toHex(address);
    return this.#open(`state key of contract ${name}`, labelOf(name), (reader) => reader.stateKey(address));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader?.close();
  }

  #open(
    where: string,
    label: string,
    read: (reader: StoreReader) => Uint8Array | undefined,
  ): Uint8Array | undefined {
    const sealed = readSound(() => read(this.#opened()));
    if (sealed === undefined) return undefined;
    try {
      return this.#sealer.open(label, sealed);
    } catch (error) {
      if (!(error instanceof SealingError)) throw error;
      this.problems.push({ where, what: `does not open: ${error.message}` });
      return undefined;
    }
  }

  #opened(): StoreReader {
    if (this.#reader !== undefined) return this.#reader;
    const reader = openStoreReader(this.#folder);
    this.#reader = reader;
    const sealed = readSound(() => reader.blob(SIGNING_KEY));
    try {
      if (sealed !== undefined) this.#sealer.open(SIGNING_KEY, sealed);
    } catch (error) {
      // Under another key nothing here opens: that is said once, and is no damage.
      if (!(error instanceof SealingError) || error.code === 'WRONG_KEY') throw error;
      this.problems.push({ where: SIGNING_KEY, what: `does not open: ${error.message}` });
    }
    return reader;
  }
}

/** Nothing when the stored value is damaged, which `verifyStore` names itself. */
function readSound(read: () => Uint8Array | undefined): Uint8Array | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof StoreError && error.code === 'CORRUPT') return undefined;
    throw error;
  }
}
