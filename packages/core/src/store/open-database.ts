import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from './database.js';
import { StoreError } from './errors.js';
import { isDiskFull } from './full-disk.js';
import { checkFile, databasePath, isInMemory, journalPath } from './file-check.js';
import type { CommitObserver } from './store.js';
import { checkStructure } from './structure.js';

/** Files up to this many pages (200 MB) are walked through in about a second. */
const QUICK_CHECK_PAGES = 50_000;

/** Options of {@link openDatabase}. */
export interface OpenDatabaseOptions {
  readonly mode: 'write' | 'read';
  /** Whether the file may be the reason that its last user came to a sudden end. */
  readonly isSuspect?: boolean;
  /** Told of every commit. */
  readonly observer?: CommitObserver | undefined;
}

/**
 * Opens the database of a folder once its file was looked at; makes it when there is none, and the mode
 * allows that.
 * @throws StoreError `CORRUPT`, or `NOT_A_STORE` when there is none to read
 */
export function openDatabase(
  folder: string,
  { mode, isSuspect = false, observer }: OpenDatabaseOptions,
): Database {
  if (isInMemory(folder)) return Database.open(folder, { mode, observer });
  const file = checkFile(folder);
  if (file === undefined && (mode === 'read' || existsSync(journalPath(folder)))) throw noStore(folder);
  // A file may lack pages at its end that are not in use; it must not lack others.
  const needsCheck =
    file !== undefined && (!file.isComplete || (isSuspect && file.lastPage <= QUICK_CHECK_PAGES));
  if (needsCheck) refuseDamaged(folder);
  // The database ends the process when there is no room for the first pages of a file that it makes and maps.
  const makesFiles = file === undefined || !existsSync(join(folder, 'lock.mdb'));
  if (mode === 'write' && makesFiles && isDiskFull(folder))
    throw new StoreError('DISK_FULL', `${folder}: no room is left on the disk`);
  return Database.open(folder, { mode, observer });
}

function refuseDamaged(folder: string): void {
  const [problem] = checkStructure(folder).problems;
  if (problem !== undefined)
    throw new StoreError('CORRUPT', `${databasePath(folder)} is truncated or damaged: ${problem}`);
}

/** Says of a folder without a database what there is in place of one. */
export function noStore(folder: string): StoreError {
  return new StoreError(
    'NOT_A_STORE',
    existsSync(journalPath(folder))
      ? `${folder} holds the sealed journal of a store in memory, which only a core with --store memory reads`
      : `${folder} holds no store`,
  );
}
