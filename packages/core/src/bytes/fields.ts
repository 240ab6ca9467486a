/** Writes fields one after the other into given memory. Past its end nothing is written, and {@link length} says so. */
export class FieldWriter {
  readonly #target: Uint8Array;
  #at = 0;

  constructor(target: Uint8Array) {
    this.#target = target;
  }

  /** Bytes written, or `undefined` when they did not fit. */
  get length(): number | undefined {
    return this.#at <= this.#target.length ? this.#at : undefined;
  }

  /** A number from 0 to 2^32-1. */
  number(value: number): void {
    // Byte by byte: a DataView for each message costs more than the message.
    if (!this.#room(4)) return;
    const target = this.#target;
    const at = this.#at;
    target[at - 4] = value >>> 24;
    target[at - 3] = value >>> 16;
    target[at - 2] = value >>> 8;
    target[at - 1] = value;
  }

  /** An integer from 0 to 2^64-1. */
  integer(value: bigint): void {
    this.number(Number(value >> 32n));
    this.number(Number(value & 0xffffffffn));
  }

  /** A byte string of any length. */
  bytes(value: Uint8Array): void {
    this.number(value.length);
    if (this.#room(value.length)) this.#target.set(value, this.#at - value.length);
  }

  #room(length: number): boolean {
    this.#at += length;
    return this.#at <= this.#target.length;
  }
}

/** Reads what a {@link FieldWriter} wrote. */
export class FieldReader {
  readonly #source: Uint8Array;
  readonly #isKept: boolean;
  #at = 0;

  /** @param use `kept`: nobody writes there any more, so byte strings need not be copies */
  constructor(source: Uint8Array, use: 'kept' | 'copied' = 'copied') {
    this.#source = source;
    this.#isKept = use === 'kept';
  }

  number(): number {
    const at = this.#at;
    this.#at += 4;
    const source = this.#source;
    return ((source[at]! << 24) | (source[at + 1]! << 16) | (source[at + 2]! << 8) | source[at + 3]!) >>> 0;
  }

  integer(): bigint {
    const high = this.number();
    return (BigInt(high) << 32n) | BigInt(this.number());
  }

  bytes(): Uint8Array {
    const length = this.number();
    this.#at += length;
    const start = this.#at - length;
    return this.#isKept ? this.#source.subarray(start, this.#at) : this.#source.slice(start, this.#at);
  }
}
