import { FolderLock, FolderLockError } from '@enigma-worker/host';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';

const LOCK_NAME = 'core.lock';

/**
 * Takes the lock of a core's data folder.
 * @throws StoreError `LOCKED` when another core has it; `NOT_WRITABLE`, `DISK_FULL` or `IO`
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  try {
    return await FolderLock.acquire(folder, LOCK_NAME);
  } catch (error) {
    if (error instanceof FolderLockError && error.code === 'LOCKED')
      throw new StoreError('LOCKED', `another core has the data folder ${folder} open`, { cause: error });
    throw toStoreError(`locking the data folder ${folder}`, error);
  }
}
