import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { sealerOf } from '#enclave/sealing/sealer.js';
import { StoreError } from '#store/errors.js';
import { openStore } from '#store/open.js';
import type { Store, StoreOptions } from '#store/store.js';

/** A new folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'enigma-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The sealing key of tests. */
export const SEALER = sealerOf('key-file', new Uint8Array(32).fill(7));

/** Options of a store in a memory map of 64 MiB. */
export const IN_MEMORY: StoreOptions = { memory: { cipher: SEALER, bytes: 64 * 1024 * 1024 } };

let defaults: StoreOptions = {};

/** From now on, in this file, stores are held in memory unless a test asks for something else. */
export function useMemoryStores(): void {
  defaults = IN_MEMORY;
}

/** A store of the kind that this file tests. */
export function openTestStore(folder: string, options?: StoreOptions): Promise<Store> {
  return openStore(folder, { ...defaults, ...options });
}

/** A store in a new folder, closed when the test is over. */
export async function temporaryStore(options?: StoreOptions): Promise<{ store: Store; folder: string }> {
  const folder = await temporaryFolder();
  const store = await openTestStore(folder, options);
  onTestFinished(() => store.close());
  return { store, folder };
}

/** The address of contract number `n`. */
export function addressOf(n: number): Uint8Array {
  const address = new Uint8Array(32).fill(0xa0);
  new DataView(address.buffer).setUint32(0, n);
  return address;
}

/** Bytes that differ from call to call with other arguments. */
export function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (seed >> 8)) & 0xff);
}

/** The code of the StoreError that an action throws. */
export async function storeErrorOf(action: () => unknown): Promise<StoreError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('expected a StoreError');
}
