import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { silentLogger } from '@enigma-worker/host';
import { toStoreError } from './database-errors.js';
import type { Database } from './database.js';
import { DatabaseStore } from './database-store.js';
import { lockFolder } from './lock-folder.js';
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
  const lock = await lockFolder(path);
  let opened: Opened | undefined;
  try {
    opened = await openWriter(path, lock.wasAbandoned, options);
    const { database, stop, close } = opened;
    await migrate(database);
    const release = async (): Promise<void> => {
      await close();
      await lock.release();
    };
    return new DatabaseStore(database, { stop, release }, options);
  } catch (error) {
    await opened?.stop();
    await opened?.close();
    // Until it opens, what a sudden end left is not mended.
    await lock.releaseAsFound();
    throw error;
  }
}

interface Opened {
  readonly database: Database;
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openWriter(path: string, isSuspect: boolean, options: StoreOptions): Promise<Opened> {
  const { memory, observer, logger = silentLogger } = options;
  if (memory !== undefined) {
    const { MemoryDatabase } = await import('./memory/memory-database.js');
    const opened = await MemoryDatabase.open(path, memory, { isSuspect, observer, logger });
    return { database: opened.database, stop: () => opened.stop(), close: () => opened.close() };
  }
  const database = openDatabase(path, { mode: 'write', isSuspect, observer });
  return { database, stop: () => Promise.resolve(), close: () => database.close() };
}
