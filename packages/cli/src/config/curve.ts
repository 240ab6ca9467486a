import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { reasonOf } from '../files.js';

const keyPair = z.object({ publicKey: z.string().length(40), secretKey: z.string().length(40) });

/** A CURVE key pair in ZeroMQ's Z85 text, 40 characters each. */
export type CurveKeyPair = z.infer<typeof keyPair>;

/**
 * The key pair in a file that `enigma core keygen` wrote.
 * @throws UsageError when it is not one
 */
export function readCurveKeys(file: string): CurveKeyPair {
  try {
    return keyPair.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new UsageError(`${file}: expected a CURVE key pair as \`enigma core keygen\` writes it`);
  }
}

/**
 * What a core needs to serve by CURVE: its secret key, and whom it lets in.
 * @throws UsageError when a file cannot be read
 */
export function curveServer(keyFile: string, allowFile: string | undefined) {
  if (allowFile === undefined) {
    throw new UsageError(
      '--curve-key-file needs --allow-file: the public keys of the clients that may connect',
    );
  }
  return { secretKey: readCurveKeys(keyFile).secretKey, allowedClients: readAllowedClients(allowFile) };
}

/**
 * The public keys in a file, one a line; `#` begins a comment.
 * @throws UsageError when it cannot be read
 */
export function readAllowedClients(allowFile: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(allowFile, 'utf8');
  } catch (error) {
    throw new UsageError(`--allow-file: ${reasonOf(error)}`);
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/\s+#.*$|^#.*$/, '').trim())
    .filter((line) => line !== '');
}
