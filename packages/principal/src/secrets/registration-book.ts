import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistrationParams } from '@enigma-worker/attestation';
import { concat, fromHex, toHex } from '@enigma-worker/crypto';
import { readIfThere, writeDurably } from './durable-file.js';
import type { Sealer } from './sealer.js';

/** A registration as it is kept: what the worker presented, so that it can be judged again. */
export interface Registration {
  readonly params: RegistrationParams;
  /** Milliseconds since 1970. */
  readonly validUntil: number;
}

/**
 * Registrations of workers in a data folder: a sealed file for each worker, so that one is renewed without
 * a look at the others, and nobody who can write to the disk can add one.
 */
export interface RegistrationBook {
  /** Every registration that can be opened; those that cannot are told to `unreadable`. */
  all(unreadable: (file: string) => void): AsyncIterable<Registration>;
  /** The registration of a worker; nothing when there is none that can be opened. */
  read(worker: Uint8Array): Promise<Registration | undefined>;
  /** Writes a registration in the place of an earlier one of the worker: on disk when it resolves. */
  write(registration: Registration): Promise<void>;
  remove(worker: Uint8Array): Promise<void>;
}

const FOLDER = 'registrations';
const NAME = /^[0-9a-f]{40}$/;
/** Sealed: valid until(8, big-endian) ‖ signing key(20) ‖ signature(65) ‖ report. */
const HEAD_LENGTH = 93;

/** @param dataDir the principal's data folder */
export async function openRegistrationBook(dataDir: string, sealer: Sealer): Promise<RegistrationBook> {
  const folder = join(dataDir, FOLDER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (worker: Uint8Array): string => join(folder, toHex(worker));
  const read = async (worker: Uint8Array): Promise<Registration | undefined> => {
    const sealed = await readIfThere(pathOf(worker));
    return sealed && opened(sealer, worker, sealed);
  };
  return {
    read,
    async *all(unreadable) {
      for (const name of await readdir(folder)) {
        if (name.endsWith('.tmp')) {
          // Of a write that a crash cut short, which was never answered for.
          await rm(join(folder, name), { force: true });
        } else if (NAME.test(name)) {
          const registration = await read(fromHex(name));
          if (registration === undefined) unreadable(join(folder, name));
          else yield registration;
        }
      }
    },
    write: (registration) => writeTo(pathOf(registration.params.signingKey), sealer, registration),
    remove: (worker) => rm(pathOf(worker), { force: true }),
  };
}

/** Whether a data folder holds registrations, ended ones included. */
export async function hasRegistrations(dataDir: string): Promise<boolean> {
  try {
    return (await readdir(join(dataDir, FOLDER))).length > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Seals every registration again under another sealing key; those sealed under the new one already stay.
 * What neither opens stays as it is, and is of no use.
 */
export async function resealRegistrations(dataDir: string, from: Sealer, to: Sealer): Promise<void> {
  const book = await openRegistrationBook(dataDir, from);
  for await (const registration of book.all(() => undefined)) {
    await writeTo(join(dataDir, FOLDER, toHex(registration.params.signingKey)), to, registration);
  }
}

async function writeTo(path: string, sealer: Sealer, { params, validUntil }: Registration): Promise<void> {
  const { signingKey, signature, report } = params;
  const until = new Uint8Array(8);
  new DataView(until.buffer).setBigUint64(0, BigInt(validUntil));
  const plaintext = concat(until, signingKey, signature, report);
  await writeDurably(path, sealer.seal(labelOf(signingKey), plaintext));
}

/** Nothing when it was sealed under another key, for another worker, or is damaged. */
function opened(sealer: Sealer, worker: Uint8Array, sealed: Uint8Array): Registration | undefined {
  let plaintext: Uint8Array;
  try {
    plaintext = sealer.open(labelOf(worker), sealed);
  } catch {
    return undefined;
  }
  if (plaintext.length < HEAD_LENGTH) return undefined;
  const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  return {
    validUntil: Number(view.getBigUint64(0)),
    params: {
      signingKey: plaintext.slice(8, 28),
      signature: plaintext.slice(28, HEAD_LENGTH),
      report: plaintext.slice(HEAD_LENGTH),
    },
  };
}

/** Names the worker, so that the file of one does not stand in for another's. */
function labelOf(worker: Uint8Array): string {
  return `registration:${toHex(worker)}`;
}
