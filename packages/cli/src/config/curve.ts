import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { readSecretText, reasonOf } from '../files.js';

/** A CURVE key in ZeroMQ's Z85 text. */
export const curveKey = z
  .string()
  .regex(/^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/, 'expected 40 characters of Z85');

const keyPair = z.object({ publicKey: curveKey, secretKey: curveKey });

/** A CURVE key pair in ZeroMQ's Z85 text, 40 characters each. */
export type CurveKeyPair = z.infer<typeof keyPair>;

/**
 * The key pair in a file that `enigma core keygen` wrote.
 * @throws UsageError when it is not one, or is open to other users
 */
export function readCurveKeys(file: string): CurveKeyPair {
  const text = readSecretText(file, 'CURVE key file', '--curve-key-file');
  try {
    return keyPair.parse(JSON.parse(text));
  } catch {
    throw new UsageError(`${file}: expected a CURVE key pair as \`enigma core keygen\` writes it`);
  }
}

/** Said of a list without keys. */
export const NOBODY = 'the list of allowed clients is empty: nobody can connect';

/**
 * What a core needs to serve by CURVE: its secret key, and whom it lets in. Nothing when neither file is named.
 * @throws UsageError when only one is, which would protect nothing, or when one cannot be read
 */
export function curveServer(keyFile: string | undefined, allowFile: string | undefined) {
  if (keyFile === undefined && allowFile === undefined) return undefined;
  if (keyFile === undefined)
    throw new UsageError("--allow-file needs --curve-key-file: the core's own key pair");
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
