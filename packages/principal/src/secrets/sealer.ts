/**
 * Keeps the principal's secrets at rest; `openSealer` of @enigma-worker/core gives one. Declared
 * here as the little that is needed, so that the principal stands without the core.
 */
export interface Sealer {
  readonly mode: string;
  seal(label: string, plaintext: Uint8Array): Uint8Array;
  open(label: string, sealed: Uint8Array): Uint8Array;
}
