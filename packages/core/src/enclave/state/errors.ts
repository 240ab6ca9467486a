import { toHex } from '@enigma-worker/crypto';

/** A sealed value of a state that does not open, or does not hold what its place says. */
export class DamagedStateError extends Error {
  override readonly name = 'DamagedStateError';
  readonly code = 'STATE_DAMAGED';
  /** The contract, 32 bytes. */
  readonly address: Uint8Array;
  /** Which of its values: the tag that stands for the key. */
  readonly tag: Uint8Array;

  constructor(address: Uint8Array, tag: Uint8Array, options?: ErrorOptions) {
    super(`state of contract ${toHex(address)}: the sealed value ${toHex(tag)} is damaged`, options);
    this.address = address;
    this.tag = tag;
  }
}
