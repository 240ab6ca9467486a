import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { openStore, type Store } from './internals.js';

/** Runs something in a new folder, which is gone afterwards. */
export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'enigma-bench-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs something with a store in a new folder, beside a bare database with the same durability. */
export async function withStoreAndDatabase<T>(
  body: (store: Store, database: BareDatabase) => Promise<T>,
): Promise<T> {
  return withFolder(async (folder) => {
    const store = await openStore(join(folder, 'store'), { maxReplyBytes: 2 ** 30 });
    try {
      return await withBareDatabase(join(folder, 'bare'), (database) => body(store, database));
    } finally {
      await store.close();
    }
  });
}

/** A database without any of ours around it, with the durability that the store has. */
export type BareDatabase = RootDatabase<Buffer, Uint8Array>;

/** Runs something with a new bare database. */
export async function withBareDatabase<T>(
  path: string,
  body: (database: BareDatabase) => Promise<T>,
): Promise<T> {
  const database = open<Buffer, Uint8Array>({
    path,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    mapSize: 2 ** 36,
  });
  try {
    return await body(database);
  } finally {
    await database.close();
  }
}

/** The address of contract number `n`. */
export function addressOf(n: number): Uint8Array {
  const address = new Uint8Array(32);
  new DataView(address.buffer).setUint32(0, n);
  return address;
}
