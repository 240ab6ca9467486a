import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { flushFile, flushFolder } from '@enigma-worker/host';
import { toStoreError } from '../database-errors.js';
import { StoreError } from '../errors.js';
import { databasePath, journalPath } from '../file-check.js';
import { lockFolder } from '../lock-folder.js';
import { checkCopyable } from '../migrations.js';
import { openDatabase } from '../open-database.js';
import type { Progress } from '../progress.js';

const PROGRESS_MS = 200;

/**
 * Copies the store of a folder, as it is at one moment, into a new or empty folder; also while a core
 * has it open. The copy is compact.
 * @throws StoreError `NOT_WRITABLE` when the target is not empty. Whatever fails, nothing of the copy is left
 */
export async function backupStore(folder: string, target: string, progress?: Progress): Promise<void> {
  const source = resolve(folder);
  const copy = resolve(target);
  const made = makeEmptyFolder(copy);
  try {
    await copyStore(source, copy, progress);
    await expectReadable(copy);
    flushFolder(copy);
    if (made !== undefined) flushFolder(dirname(made));
  } catch (error) {
    // Half a copy must not pass for one, nor keep the next attempt from the folder.
    rmSync(made ?? databasePath(copy), { recursive: true, force: true });
    throw error;
  }
  progress?.(sizeOf(copy), sizeOf(copy));
}

async function copyStore(source: string, copy: string, progress?: Progress): Promise<void> {
  const db = openDatabase(source, { mode: 'read' });
  const watch = progress && setInterval(() => progress(sizeOf(copy), sizeOf(source)), PROGRESS_MS);
  try {
    checkCopyable(db);
    await db.backup(copy);
    // The database leaves that to the system: what is told to be a backup would be gone if the power went just then.
    flushFile(databasePath(copy));
  } finally {
    clearInterval(watch);
    await db.close();
  }
}

/**
 * Makes a backup the store of a folder that has none yet. It appears there once it is whole.
 * @throws StoreError `LOCKED`, or `NOT_WRITABLE` when the folder has a store
 */
export async function restoreStore(backup: string, folder: string): Promise<void> {
  const source = resolve(backup);
  const target = resolve(folder);
  await expectReadable(source);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(target);
  const partial = join(target, 'restoring');
  try {
    if (existsSync(databasePath(target)) || existsSync(journalPath(target)))
      throw new StoreError('NOT_WRITABLE', `${target} has a store already`);
    // Of a restore that came to a sudden end.
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { mode: 0o700 });
    // Not file by file: what is taken for a backup may be the store of a core that runs.
    await withoutTraces(source, () => copyStore(source, partial));
    renameSync(databasePath(partial), databasePath(target));
    flushFolder(target);
  } catch (error) {
    throw toStoreError(`restoring to ${target}`, error);
  } finally {
    rmSync(partial, { recursive: true, force: true });
    await lock.releaseAsFound();
  }
}

function expectReadable(folder: string): Promise<void> {
  return withoutTraces(folder, async () => {
    const db = openDatabase(folder, { mode: 'read' });
    try {
      checkCopyable(db);
    } finally {
      await db.close();
    }
  });
}

/**
 * Removes what reading leaves in a folder, which has no place in a backup. What was there before stays: the readers
 * and the writer of a store that is in use find each other by it.
 */
async function withoutTraces(folder: string, read: () => Promise<void>): Promise<void> {
  const path = join(folder, 'lock.mdb');
  const isInUse = existsSync(path);
  try {
    await read();
  } finally {
    if (!isInUse) rmSync(path, { force: true });
  }
}

/** The outermost folder that had to be made; none when all were there. */
function makeEmptyFolder(folder: string): string | undefined {
  try {
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (readdirSync(folder).length === 0) return made;
  } catch (error) {
    throw toStoreError(`making ${folder}`, error);
  }
  throw new StoreError('NOT_WRITABLE', `${folder} is not empty`);
}

function sizeOf(folder: string): number {
  return statSync(databasePath(folder), { throwIfNoEntry: false })?.size ?? 0;
}
