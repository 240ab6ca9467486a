import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { CommandError } from './errors.js';

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
 * Makes sure that a server has a folder for its data: makes it, for its own user only, when there is none.
 * @throws CommandError when there cannot be one, or it may not be written
 */
export function requireDataFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CommandError(`data folder ${path}: ${isFile ? 'it is a file' : reasonOf(error)}`);
  }
}

/** What an error says, for the end of a sentence about a file. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it cannot be used';
}
