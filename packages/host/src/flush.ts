import { closeSync, fsyncSync, openSync } from 'node:fs';

/** What says that a disk failed, rather than that it does not do this with folders. */
const FAILURES = ['EIO', 'ENOSPC', 'EDQUOT'];

/** Puts what was written to a file on the disk. @throws the error of the system */
export function flushFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes what was made or renamed in a folder durable. Not every system lets a folder be flushed, Gramine for one; there
 * a rename is as durable as it gets.
 * @throws the error of the system when the disk fails
 */
export function flushFolder(path: string): void {
  let folder: number | undefined;
  try {
    folder = openSync(path, 'r');
    fsyncSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && FAILURES.includes(String(error.code))) throw error;
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}
