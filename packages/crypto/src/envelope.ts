import { backend } from '#backend';
import { CryptoError, expectLength } from './errors.js';
import { randomFill } from './random.js';

const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** An envelope is this many bytes longer than its plaintext. */
export const ENVELOPE_OVERHEAD = TAG_LENGTH + IV_LENGTH;

/** What {@link seal} takes besides key and plaintext. */
export interface SealOptions {
  /** 12 bytes; random when absent. Giving one is for known-answer tests: a repeated IV breaks the cipher. */
  readonly iv?: Uint8Array;
  /** Additional authenticated data: not stored, must be given again to open. */
  readonly aad?: Uint8Array;
  /** Put before the envelope as it is: authenticated only if it is part of `aad` too. */
  readonly prefix?: Uint8Array;
}

/**
 * AES-256-GCM: ciphertext ‖ tag(16) ‖ iv(12).
 * Source: docs/protocol.md, "Symmetric envelope".
 */
export function seal(key: Uint8Array, plaintext: Uint8Array, options: SealOptions = {}): Uint8Array {
  expectLength('symmetric key', key, 32);
  const { iv, aad, prefix } = options;
  if (iv !== undefined) expectLength('iv', iv, IV_LENGTH);
  const start = prefix?.length ?? 0;
  const end = start + plaintext.length + TAG_LENGTH;
  const bytes = new Uint8Array(end + IV_LENGTH);
  if (prefix !== undefined) bytes.set(prefix);
  const placeOfIv = bytes.subarray(end);
  if (iv === undefined) randomFill(placeOfIv);
  else placeOfIv.set(iv);
  backend.aesGcmSeal(bytes.subarray(start, end), key, placeOfIv, plaintext, aad);
  return bytes;
}

/**
 * Opens an envelope made by {@link seal}.
 * @throws CryptoError `IMPROPER_ENCRYPTION` when it is shorter than an IV, `DECRYPTION_FAILED` when
 * key, data or additional data are not those it was sealed with
 */
export function open(key: Uint8Array, envelope: Uint8Array, aad?: Uint8Array): Uint8Array {
  expectLength('symmetric key', key, 32);
  if (envelope.length < IV_LENGTH) {
    throw new CryptoError(
      'IMPROPER_ENCRYPTION',
      `an envelope has at least ${IV_LENGTH} bytes, got ${envelope.length}`,
    );
  }
  if (envelope.length < ENVELOPE_OVERHEAD) {
    throw new CryptoError('DECRYPTION_FAILED', 'the envelope is too short to hold a tag');
  }
  const split = envelope.length - IV_LENGTH;
  try {
    return backend.aesGcmOpen(key, envelope.subarray(split), envelope.subarray(0, split), aad);
  } catch (error) {
    // The end of the stack, which says nothing of the envelope.
    if (error instanceof RangeError) throw error;
    throw new CryptoError('DECRYPTION_FAILED', 'the envelope does not open under this key');
  }
}
