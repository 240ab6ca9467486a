import { fromHex } from '@enigma-worker/crypto';
import { SdkError } from './errors.js';

/**
 * The bytes of a hex text that the caller gave, with or without `0x`.
 * @throws SdkError `ARGUMENTS_MISMATCH` when it is not hex of that length: it names `what`, never the text
 */
export function bytesOfHex(what: string, hex: string, length: number): Uint8Array {
  let bytes: Uint8Array | undefined;
  try {
    bytes = fromHex(hex);
  } catch {
    // Said below, and without the cause: it may be about a key.
  }
  if (bytes?.length !== length) {
    throw new SdkError('ARGUMENTS_MISMATCH', `${what}: expected ${2 * length} hex digits`);
  }
  return bytes;
}

/**
 * The bytes of a contract's address.
 * @throws SdkError `ARGUMENTS_MISMATCH` when it is not 32 bytes of hex
 */
export function contractAddressOf(hex: string): Uint8Array {
  return bytesOfHex('address', hex, 32);
}
