import { statfsSync } from 'node:fs';

/** With less room than this, a disk is taken as full. */
const FULL_DISK_BYTES = 1024 * 1024;

/** Whether the disk of a folder has hardly any room left. */
export function isDiskFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < FULL_DISK_BYTES;
  } catch {
    return false;
  }
}
