/** Encrypts and authenticates what is written; a sealer is one. */
export interface JournalCipher {
  seal(label: string, plaintext: Uint8Array): Uint8Array;
  /** Throws when it was not sealed under this key and label. */
  open(label: string, sealed: Uint8Array): Uint8Array;
}
