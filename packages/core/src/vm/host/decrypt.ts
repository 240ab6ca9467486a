import { CryptoError, open } from '@enigma-worker/crypto';
import { stop } from '../failure.js';
import type { HostContext } from './context.js';

const keyBytes = 32;

/** `decrypt(envelope, length, key, destination)`: writes the plaintext of an envelope, 28 bytes shorter than it. */
export function decrypt(
  host: HostContext,
  pointer: number,
  length: number,
  key: number,
  destination: number,
): void {
  const plaintext = opened(host.memory.read(key, keyBytes), host.memory.read(pointer, length));
  host.memory.write(destination, plaintext.length).set(plaintext);
}

function opened(key: Uint8Array, envelope: Uint8Array): Uint8Array {
  try {
    return open(key, envelope);
  } catch (error) {
    if (error instanceof CryptoError) throw stop(`decrypt: ${error.message}`);
    throw error;
  }
}
