import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { toStoreError } from './database-errors.js';
import type { Database } from './database.js';
import { DatabaseStore } from './database-store.js';
import { FolderLock } from './folder-lock.js';
import { migrate } from './migrations.js';
import { openDatabase } from './open-database.js';
import type { Store, StoreOptions } from './store.js';

/**
 * Opens the store of a data folder, which is made when it is not there. It is locked until the store is
 * closed or the process ends, however it ends.
 * @throws StoreError `LOCKED`, `NEWER_SCHEMA`, `NOT_WRITABLE`, `CORRUPT`, `DISK_FULL` or `IO`
 */
export async function openStore(folder: string, options: StoreOptions = {}): Promise<Store> {
  const path = resolve(folder);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw toStoreError(`making the data folder ${path}`, error);
  }
  const lock = await FolderLock.acquire(path);
  let db: Database | undefined;
  try {
    db = openDatabase(path, { mode: 'write', isSuspect: lock.wasAbandoned, observer: options.observer });
    await migrate(db);
    return new DatabaseStore(db, lock, options);
  } catch (error) {
    await db?.close();
    await lock.release();
    throw error;
  }
}
