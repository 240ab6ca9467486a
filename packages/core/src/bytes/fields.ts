/** Writes fields one after the other into given memory. Past its end nothing is written, and {@link length} says so. */
export class FieldWriter {
  readonly #target: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(target: Uint8Array) {
    this.#target = target;
    this.#view = new DataView(target.buffer, target.byteOffset, target.length);
  }

  /** Bytes written, or `undefined` when they did not fit. */
  get length(): number | undefined {
    return this.#at <= this.#target.length ? this.#at : undefined;
  }

  /** A number from 0 to 2^32-1. */
  number(value: number): void {
    if (this.#room(4)) this.#view.setUint32(this.#at - 4, value);
  }

  /** An integer from 0 to 2^64-1. */
  integer(value: bigint): void {
    if (this.#room(8)) this.#view.setBigUint64(this.#at - 8, value);
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
  readonly #view: DataView;
  readonly #isKept: boolean;
  #at = 0;

  /** @param use `kept`: nobody writes there any more, so byte strings need not be copies */
  constructor(source: Uint8Array, use: 'kept' | 'copied' = 'copied') {
    this.#source = source;
    this.#isKept = use === 'kept';
    this.#view = new DataView(source.buffer, source.byteOffset, source.length);
  }

  number(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  integer(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8);
  }

  bytes(): Uint8Array {
    const length = this.number();
    this.#at += length;
    const start = this.#at - length;
    return this.#isKept ? this.#source.subarray(start, this.#at) : this.#source.slice(start, this.#at);
  }
}
