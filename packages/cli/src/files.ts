import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandError, UsageError } from './errors.js';

/** The bytes of a file that the user named. @throws CommandError when it cannot be read */
export function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new CommandError(`${path}: ${reasonOf(error)}`);
  }
}

/** The text of a file that the user named. @throws CommandError when it cannot be read */
export function readText(path: string): string {
  return Buffer.from(readBytes(path)).toString('utf8');
}

/**
 * The text of a file that holds a secret, refused when others could have read it.
 * @param what what to call it, for example `passphrase file`
 * @param setting what named it, for when there is no such file
 * @throws UsageError when it cannot be read, or is open to other users
 */
export function readSecretText(path: string, what: string, setting = what): string {
  let text: string;
  let mode: number;
  try {
    text = readFileSync(path, 'utf8');
    mode = statSync(path).mode & 0o777;
  } catch (error) {
    throw new UsageError(`${setting}: ${reasonOf(error)}`);
  }
  if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
    const shown = mode.toString(8).padStart(4, '0');
    throw new UsageError(`${what} ${path}: mode ${shown} lets other users in; run: chmod 600 ${path}`);
  }
  return text;
}

/**
 * Writes a file that must not be there yet, readable by its owner alone: on disk as a whole, or not there at all.
 * @throws CommandError when it is there, or cannot be written
 */
export function writeNewFile(path: string, text: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'wx', 0o600);
    writeFileSync(descriptor, text, { flush: true });
  } catch (error) {
    if (descriptor !== undefined) rmSync(path, { force: true });
    throw new CommandError(`${path}: ${reasonOf(error)}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Makes sure that a server has a folder for its data: makes it, for its own user only, when there is none.
 * @throws CommandError when there cannot be one, or it may not be written
 */
export function requireDataFolder(path: string): void {
  try {
    makeFolder(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new CommandError(`data folder ${path}: ${reasonOf(error)}`);
  }
}

/**
 * Makes a folder, and those it lies in, where there is none. Step by step: where the system refuses new folders without
 * a reason, as in /proc, Node would try for ever.
 * @throws whatever the file system throws; Error when there is a file in its place
 */
export function makeFolder(path: string, mode?: number): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw new Error(`${path} is a file`);
  makeFolder(dirname(resolve(path)), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** What an error says, for the end of a sentence about a file. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it cannot be used';
}
