import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { flushFolder } from '@enigma-worker/host';

/**
 * Creates a file that only its owner can read (mode 0600), complete and on disk before it is
 * visible. An existing file is left as it is: of two processes that create it at once, one wins.
 * Nothing else runs meanwhile: a worker that starts has nothing else to do, and each step by way of another thread
 * would take longer than the step.
 */
export function createFile(path: string, content: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${toHex(randomBytes(8))}.tmp`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkOrRename(temporary, path);
    flushFolder(folder);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A hard link, unlike a rename, never replaces a file that appeared in the meantime. */
function linkOrRename(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return;
    // An enclave of Gramine has no hard links, and nobody else to make the file either.
    if (!['ENOSYS', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(code)) throw error;
    if (!existsSync(path)) renameSync(temporary, path);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
