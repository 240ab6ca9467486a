import { createCipheriv, type Cipher } from 'node:crypto';
import { randomFill } from '@enigma-worker/crypto';

const zeros = new Uint8Array(64 * 1024);
const counterStart = new Uint8Array(16);

/**
 * The random bytes of one call: the key stream of AES-256-CTR under a fresh key. A call that has to be repeated to
 * learn its exact gas gets the same bytes again, without a record of what it drew.
 */
export class Randomness {
  readonly #seed = new Uint8Array(32);
  readonly #randomFill: (target: Uint8Array) => void;
  #seeded = false;
  #stream: Cipher | undefined;

  /** @param fill where seeds come from; the system's generator when absent */
  constructor(fill: (target: Uint8Array) => void = randomFill) {
    this.#randomFill = fill;
  }

  /** Forgets the stream: the next byte comes from a new one. */
  renew(): void {
    if (!this.#seeded) return;
    this.#seed.fill(0);
    this.#seeded = false;
    this.#stream = undefined;
  }

  /** Goes back to the first byte of the same stream. */
  rewind(): void {
    this.#stream = undefined;
  }

  /** Fills `target` with the next bytes of the stream. */
  draw(target: Uint8Array): void {
    const stream = (this.#stream ??= this.#open());
    for (let at = 0; at < target.length; at += zeros.length) {
      target.set(stream.update(zeros.subarray(0, Math.min(zeros.length, target.length - at))), at);
    }
  }

  #open(): Cipher {
    if (!this.#seeded) this.#randomFill(this.#seed);
    this.#seeded = true;
    return createCipheriv('aes-256-ctr', this.#seed, counterStart);
  }
}
