import { equalBytes, lengthPrefixed, recoverAddress, utf8 } from '@enigma-worker/crypto';

const DOMAIN = utf8('Enigma User Message');

/**
 * The bytes a worker signs over the public key that it made for a user's task.
 * Source: docs/protocol.md, "Task keys".
 * @param workerEncryptionKey 64 bytes
 */
export function taskKeyPreimage(workerEncryptionKey: Uint8Array): Uint8Array {
  return lengthPrefixed(DOMAIN, workerEncryptionKey);
}

/**
 * The worker whose enclave made a task key: the address that the user must know and trust.
 * @throws CryptoError `INVALID_LENGTH` or `INVALID_SIGNATURE`
 */
export function taskKeySigner(workerEncryptionKey: Uint8Array, workerSig: Uint8Array): Uint8Array {
  return recoverAddress(taskKeyPreimage(workerEncryptionKey), workerSig);
}

/** Whether `signer` (20 bytes) made a task key. */
export function verifyTaskKey(
  workerEncryptionKey: Uint8Array,
  workerSig: Uint8Array,
  signer: Uint8Array,
): boolean {
  try {
    return equalBytes(taskKeySigner(workerEncryptionKey, workerSig), signer);
  } catch {
    return false;
  }
}
