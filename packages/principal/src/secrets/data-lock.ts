import { mkdir } from 'node:fs/promises';
import { FolderLock, FolderLockError } from '@enigma-worker/host';
import { PrincipalError } from '../errors.js';

const LOCK_NAME = 'principal.lock';

/**
 * Takes the lock of a principal's data folder, which is made when it is not there: two principals, or one and a tool
 * that changes its secrets, would undo what the other has acknowledged.
 * @throws PrincipalError `LOCKED` when another has it; whatever the file system throws
 */
export async function lockDataDir(dataDir: string): Promise<FolderLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return await acquire(dataDir);
}

/**
 * Does something with the data folder of a principal that does not run, and leaves it to the next start to mend what
 * a sudden end left.
 * @param act told whether the principal came to one
 * @throws PrincipalError `LOCKED` when one does, `NOT_PROVISIONED` when there is no such folder; what `act` throws
 */
export async function whileStopped<T>(dataDir: string, act: (isSuspect: boolean) => Promise<T>): Promise<T> {
  const lock = await acquire(dataDir);
  try {
    return await act(lock.wasAbandoned);
  } finally {
    await lock.releaseAsFound();
  }
}

/** What is said of a folder without a principal's secrets. */
export function notProvisioned(dataDir: string): PrincipalError {
  return new PrincipalError('NOT_PROVISIONED', `${dataDir}: no principal has been started here`);
}

async function acquire(dataDir: string): Promise<FolderLock> {
  try {
    return await FolderLock.acquire(dataDir, LOCK_NAME);
  } catch (error) {
    if (error instanceof FolderLockError && error.code === 'LOCKED')
      throw new PrincipalError('LOCKED', `another principal has the data folder ${dataDir} open`, {
        cause: error,
      });
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw notProvisioned(dataDir);
    throw error;
  }
}
