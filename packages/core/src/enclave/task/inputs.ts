import { CryptoError, fromUtf8, open } from '@enigma-worker/crypto';
import type { TaskInput } from '../enclave.js';

/** What a user asks for, in clear. */
export interface OpenInputs {
  readonly ok: true;
  /** The text before `(`. */
  readonly functionName: string;
  /** ABI-encoded arguments. */
  readonly args: Uint8Array;
}

/** Inputs that cannot be used: the text of the failed task. Source: docs/protocol.md, "Errors". */
export interface BadInputs {
  readonly ok: false;
  readonly message: string;
}

const EMPTY_FUNCTION = 'Input Error: Input Error: called function representation is empty';
const ILLEGAL_FUNCTION = "Input Error: Input Error: 'callable' signature is illegal";

/**
 * Decrypts what a task was given under its io key.
 * Source: docs/protocol.md, "Calling".
 */
export function openInputs(
  ioKey: Uint8Array,
  input: Pick<TaskInput, 'encryptedFn' | 'encryptedArgs'>,
): OpenInputs | BadInputs {
  if (input.encryptedFn.length === 0) return { ok: false, message: EMPTY_FUNCTION };
  try {
    const representation = open(ioKey, input.encryptedFn);
    const args = input.encryptedArgs.length === 0 ? new Uint8Array(0) : open(ioKey, input.encryptedArgs);
    return parseFunction(representation, args);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    const kind = error.code === 'IMPROPER_ENCRYPTION' ? 'ImproperEncryption' : 'DecryptionError';
    return { ok: false, message: `Input Error: Cryptography Error: ${kind}` };
  }
}

function parseFunction(representation: Uint8Array, args: Uint8Array): OpenInputs | BadInputs {
  if (representation.length === 0) return { ok: false, message: EMPTY_FUNCTION };
  const text = decode(representation);
  const open = text?.indexOf('(') ?? -1;
  if (text === undefined || open < 0 || text.indexOf(')') < open)
    return { ok: false, message: ILLEGAL_FUNCTION };
  return { ok: true, functionName: text.slice(0, open), args };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes);
  } catch {
    return undefined;
  }
}
