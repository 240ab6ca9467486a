import { readSync, writeSync } from 'node:fs';
import { toStoreError } from '../database-errors.js';

/** Up to `length` bytes at an offset; fewer at the end of the file. @throws StoreError */
export function readAt(file: number, path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const more = guarded(`reading ${path}`, () => readSync(file, bytes, read, length - read, offset + read));
    if (more === 0) break;
    read += more;
  }
  return bytes.subarray(0, read);
}

/** Writes all of the bytes, however many calls that takes. */
export function writeAll(file: number, bytes: Uint8Array, offset: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(file, bytes, written, bytes.length - written, offset + written);
  }
}

/** Runs an action; what it throws becomes a StoreError. */
export function guarded<T>(action: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw toStoreError(action, error);
  }
}
