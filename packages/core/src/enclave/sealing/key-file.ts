import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fromHex, fromUtf8, randomBytes, toHex } from '@enigma-worker/crypto';
import { createFile } from './create-file.js';
import { SealingError } from './sealer.js';

const KEY_LENGTH = 32;
/** 64 hex digits, an optional `0x` and some white space. */
const LONGEST_FILE = 128;

/**
 * Reads the sealing key from a file of 64 hex digits.
 * @throws SealingError `PERMISSIONS` when anybody but its owner may use the file, or it belongs to
 * another user; `KEY_UNAVAILABLE` when it cannot be read; `KEY_INVALID` when it holds something else
 */
export function readKeyFile(path: string): Uint8Array {
  const file = openKeyFile(path);
  try {
    // Checked on the open file, so that it cannot be exchanged between the check and the reading.
    checkPermissions(path, file);
    const buffer = new Uint8Array(LONGEST_FILE + 1);
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return parseKey(path, buffer.subarray(0, length));
  } finally {
    closeSync(file);
  }
}

/**
 * Reads the key file, or creates it with a random key if there is none: mode 0600, complete and on
 * disk before it is visible; of two processes that create it at once, one wins and both read its key.
 */
export function readOrCreateKeyFile(path: string): Uint8Array {
  try {
    return readKeyFile(path);
  } catch (error) {
    if (!(error instanceof SealingError && error.code === 'KEY_UNAVAILABLE' && isMissing(error.cause)))
      throw error;
  }
  createKeyFile(path);
  return readKeyFile(path);
}

function openKeyFile(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error);
    const denied = code === 'EACCES' || code === 'EPERM';
    throw new SealingError(
      denied ? 'PERMISSIONS' : 'KEY_UNAVAILABLE',
      `sealing key file ${path}: cannot be read (${code})`,
      {
        cause: error,
      },
    );
  }
}

function checkPermissions(path: string, file: number): void {
  const stat = fstatSync(file);
  if (!stat.isFile()) throw new SealingError('KEY_INVALID', `sealing key file ${path}: not a regular file`);
  const mode = stat.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new SealingError(
      'PERMISSIONS',
      `sealing key file ${path}: mode ${mode.toString(8).padStart(4, '0')} lets other users in; run: chmod 600 ${path}`,
    );
  }
  const user = process.geteuid?.();
  if (user !== undefined && stat.uid !== user) {
    throw new SealingError(
      'PERMISSIONS',
      `sealing key file ${path}: belongs to user ${stat.uid}, this process is ${user}`,
    );
  }
}

function parseKey(path: string, content: Uint8Array): Uint8Array {
  try {
    const key = fromHex(fromUtf8(content).trim());
    if (key.length === KEY_LENGTH) return key;
  } catch {
    // Whatever is wrong with it, the message below must not quote the file.
  }
  throw new SealingError('KEY_INVALID', `sealing key file ${path}: expected ${2 * KEY_LENGTH} hex digits`);
}

function createKeyFile(path: string): void {
  try {
    createFile(path, `${toHex(randomBytes(KEY_LENGTH))}\n`);
  } catch (error) {
    throw new SealingError(
      'KEY_UNAVAILABLE',
      `sealing key file ${path}: cannot be created (${errnoOf(error)})`,
      {
        cause: error,
      },
    );
  }
}

function isMissing(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT';
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
