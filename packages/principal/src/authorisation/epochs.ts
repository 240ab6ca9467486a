import { readFile, stat } from 'node:fs/promises';
import { equalBytes, fromHex } from '@enigma-worker/crypto';
import { selectWorkers, type StakedWorker } from '@enigma-worker/protocol';
import { PrincipalError } from '../errors.js';
import type { Logger } from '@enigma-worker/host';
import { RpcError } from '../rpc/errors.js';
import type { Assignment } from './assignment.js';

/** The workers of an epoch, which begins at a block. */
export interface Epoch {
  readonly firstBlock: bigint;
  readonly seed: bigint;
  readonly workers: readonly StakedWorker[];
}

/** How many of the newest epochs count, as in the deployed principal. */
const EPOCHS_KEPT = 2;

/**
 * One worker for each contract and epoch, chosen by stake. A request for a block belongs to the newest
 * epoch that begins at or before it.
 * Source: docs/protocol.md, "Selection" and "Principal node".
 */
export function assignByStake(epochs: () => readonly Epoch[]): Assignment {
  return {
    contractsOf: (worker, contracts, block) => {
      const epoch = epochAt(epochs(), block);
      // A stranger costs nothing: the draws below take a while for thousands of contracts.
      if (!epoch.workers.some(({ address }) => equalBytes(address, worker))) return [];
      return contracts.filter((contract) =>
        selectWorkers(epoch, contract).some((chosen) => equalBytes(chosen, worker)),
      );
    },
  };
}

function epochAt(epochs: readonly Epoch[], block: bigint | undefined): Epoch {
  const newestFirst = epochs.toSorted((a, b) => (a.firstBlock < b.firstBlock ? 1 : -1)).slice(0, EPOCHS_KEPT);
  const epoch = newestFirst.find(({ firstBlock }) => block === undefined || firstBlock <= block);
  if (epoch === undefined || epoch.workers.length === 0) {
    throw new RpcError('ILLEGAL_STATE', 'no confirmed epoch for this block; try again later');
  }
  return epoch;
}

/** A worker-parameter file that is read again when it changes. */
export interface EpochFile {
  readonly epochs: () => readonly Epoch[];
  /** Reads the file again if it changed; one that cannot be read leaves the epochs as they were. */
  refresh(): Promise<void>;
}

/**
 * Opens a worker-parameter file: JSON `{"epochs": [{"firstBlock", "seed", "workers": [{"address",
 * "stake"}]}]}`, numbers as decimal texts or integers, addresses as hex, workers in the order of the chain.
 * @throws PrincipalError `EPOCHS_MALFORMED`
 */
export async function openEpochFile(path: string, log: Logger): Promise<EpochFile> {
  let changed = await lastChange(path);
  let epochs = parseEpochs(await readFile(path, 'utf8'));
  return {
    epochs: () => epochs,
    async refresh() {
      try {
        const now = await lastChange(path);
        if (now === changed) return;
        const text = await readFile(path, 'utf8');
        // From here on only another change can help; what kept it from being read may pass by itself.
        changed = now;
        epochs = parseEpochs(text);
        log.info({ path, epochs: epochs.length }, 'worker parameters read again');
      } catch (error) {
        log.error({ path, err: error }, 'worker parameters cannot be read; the earlier ones stay in force');
      }
    },
  };
}

/** Reads the text of a worker-parameter file; see {@link openEpochFile}. */
export function parseEpochs(text: string): Epoch[] {
  try {
    return list(fields(JSON.parse(text) as unknown)['epochs']).map((epoch) => {
      const { firstBlock, seed, workers } = fields(epoch);
      return { firstBlock: integer(firstBlock), seed: integer(seed), workers: workersOf(workers) };
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PrincipalError('EPOCHS_MALFORMED', `worker parameters: ${reason}`, { cause: error });
  }
}

async function lastChange(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PrincipalError('EPOCHS_MALFORMED', `worker parameters: ${reason}`, { cause: error });
  }
}

function workersOf(value: unknown): StakedWorker[] {
  const workers = list(value).map(workerOf);
  if (workers.length > 0 && workers.every(({ stake }) => stake === 0n)) {
    throw new TypeError('workers: their stakes add up to nothing');
  }
  return workers;
}

function workerOf(value: unknown): StakedWorker {
  const { address, stake } = fields(value);
  const bytes = fromHex(String(address));
  if (bytes.length !== 20) throw new TypeError(`address: expected 20 bytes, got ${bytes.length}`);
  return { address: bytes, stake: integer(stake) };
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('expected an object');
  return value as Record<string, unknown>;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('expected a list');
  return value;
}

/** A non-negative integer below 2^256. */
function integer(value: unknown): bigint {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || !/^([0-9]{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text)) {
    throw new TypeError('expected a decimal or 0x text');
  }
  const exact = BigInt(text);
  if (exact >= 1n << 256n) throw new TypeError('expected a number below 2^256');
  return exact;
}
