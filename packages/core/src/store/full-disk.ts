import { statfsSync } from 'node:fs';
import { StoreError } from './errors.js';

/** With less room than this, a disk is taken as full. */
const FULL_DISK_BYTES = 1024 * 1024;
/** What a value takes besides its bytes: the page that names it is written anew. */
const PAGE = 4096;
/** What is written anew of the pages above those. */
const ABOVE = 1.25;

/** Whether the disk of a folder has hardly any room left. */
export function isDiskFull(folder: string): boolean {
  return roomOf(folder) < FULL_DISK_BYTES;
}

/**
 * Refuses changes that the disk has no room for before the database writes them: it overruns memory of its own while it
 * reports a write that failed, which sooner or later ends the process.
 */
export class DiskRoom {
  readonly #folder: string;
  #room: number | undefined;
  #taken = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A transaction begins. */
  begin(): void {
    this.#room = undefined;
    this.#taken = 0;
  }

  /** Reckons with a value of so many bytes, or with a deletion. @throws StoreError `DISK_FULL` */
  take(bytes: number | undefined): void {
    this.#room ??= roomOf(this.#folder);
    if (bytes !== undefined) this.#taken += ABOVE * (PAGE + bytes);
    // Deletions too write a few pages anew before they free any.
    if (this.#room - this.#taken < FULL_DISK_BYTES)
      throw new StoreError('DISK_FULL', 'nothing was stored: no room is left on the disk');
  }
}

/** Bytes that may still be written to the disk of a folder. */
function roomOf(folder: string): number {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    // Some file systems do not tell.
    return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
