/** Codes of everything that can go wrong in this package. */
export type CryptoErrorCode =
  | 'INVALID_LENGTH'
  | 'INVALID_PRIVATE_KEY'
  | 'INVALID_PUBLIC_KEY'
  | 'INVALID_SIGNATURE'
  | 'IMPROPER_ENCRYPTION'
  | 'DECRYPTION_FAILED';

/** An expected cryptographic failure. The message never holds a key or a plaintext. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Refuses a byte string of another length than expected. */
export function expectLength(label: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new CryptoError('INVALID_LENGTH', `${label}: expected ${length} bytes, got ${bytes.length}`);
  }
}
