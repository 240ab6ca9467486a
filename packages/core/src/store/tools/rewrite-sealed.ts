import { resolve } from 'node:path';
import { FolderLock } from '../folder-lock.js';
import { checkSchema } from '../migrations.js';
import { openDatabase } from '../open-database.js';
import { StoreError } from '../errors.js';

/** Everything that is sealed under the sealing key of the worker, which state values are not. */
export interface SealedEntries {
  /** Named pieces of data, for example the signing key. */
  readonly blobs: readonly { readonly name: string; readonly sealed: Uint8Array }[];
  readonly stateKeys: readonly { readonly address: Uint8Array; readonly sealed: Uint8Array }[];
}

/**
 * Replaces what is sealed in the store of a folder, all in one durable commit or, when `rewrite` throws,
 * not at all. No core may have the store open.
 * @throws StoreError `LOCKED`, `NOT_A_STORE`, `CORRUPT`; whatever `rewrite` throws
 */
export async function rewriteSealed(
  folder: string,
  rewrite: (entries: SealedEntries) => SealedEntries,
): Promise<SealedEntries> {
  const path = resolve(folder);
  const lock = await FolderLock.acquire(path).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'LOCKED') throw error;
    throw new StoreError('NOT_A_STORE', `${path} holds no store`);
  });
  try {
    // Opened to read first: opening to write would make a store where there is none.
    await openDatabase(path, { mode: 'read' }).close();
    const db = openDatabase(path, { mode: 'write', isSuspect: lock.wasAbandoned });
    try {
      checkSchema(db);
      return await db.write(() => {
        const blobs = Array.from(db.entries('blobs'), ({ key, value }) => ({
          name: Buffer.from(key).toString(),
          sealed: value.slice(),
        }));
        const stateKeys = Array.from(db.entries('stateKeys'), ({ key, value }) => ({
          address: key.slice(),
          sealed: value.slice(),
        }));
        const rewritten = rewrite({ blobs, stateKeys });
        for (const { name, sealed } of rewritten.blobs) db.put('blobs', Buffer.from(name), sealed);
        for (const { address, sealed } of rewritten.stateKeys) db.put('stateKeys', address, sealed);
        return rewritten;
      });
    } finally {
      await db.close();
    }
  } finally {
    await lock.release();
  }
}
