const text = new TextEncoder();

/** Writes the binary format of WebAssembly; every integer in its shortest form. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, as a view that the next write may change. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  u32(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  s32(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest & 0x7fn));
  }

  /** A signed LEB128 as it stands in `bytes` from `start` to `end`, without its padding. */
  shortened(bytes: Uint8Array, start: number, end: number): void {
    let last = end - 1;
    while (last > start) {
      const payload = (bytes[last] ?? 0) & 0x7f;
      const sign = (bytes[last - 1] ?? 0) & 0x40;
      if (!((payload === 0 && sign === 0) || (payload === 0x7f && sign !== 0))) break;
      last -= 1;
    }
    for (let index = start; index < last; index += 1) this.byte((bytes[index] ?? 0) | 0x80);
    this.byte((bytes[last] ?? 0) & 0x7f);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Copies `source` from `start` to `end`: quicker than {@link raw} for the few bytes of an instruction. */
  copy(source: Uint8Array, start: number, end: number): void {
    for (let index = start; index < end; index += 1) this.byte(source[index] ?? 0);
  }

  name(value: string): void {
    const encoded = text.encode(value);
    this.u32(encoded.length);
    this.raw(encoded);
  }

  /** Writes what `content` writes, with its length in front. */
  sized(content: () => void): void {
    const start = this.#length;
    content();
    const length = this.#length - start;
    const prefix = new Writer(5);
    prefix.u32(length);
    this.#reserve(prefix.length);
    this.#bytes.copyWithin(start + prefix.length, start, this.#length);
    this.#bytes.set(prefix.written, start);
    this.#length += prefix.length;
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.written);
    this.#bytes = larger;
  }
}
