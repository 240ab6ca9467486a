import { readFileSync } from 'node:fs';
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

/** What an error says, for the end of a sentence about a file. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it cannot be used';
}
