import { deserializationError } from './contract-error.js';
import type { ContractError } from './contract-error.js';

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the binary format of WebAssembly from a range of bytes and never beyond it.
 *
 * Source: WebAssembly core specification, "Binary Format".
 */
export class Reader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    const value = this.position < this.end ? this.bytes[this.position] : undefined;
    if (value === undefined) throw this.malformed('unexpected end');
    this.position += 1;
    return value;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    if (last > 0x0f) throw this.malformed('integer too large');
    return (value | (last << 28)) >>> 0;
  }

  /** A signed LEB128 of at most 32 bits. */
  s32(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value << (25 - shift)) >> (25 - shift);
    }
    const last = this.byte();
    if (last > 0x07 && !(last >= 0x78 && last <= 0x7f)) throw this.malformed('integer too large');
    return value | (last << 28);
  }

  /** Steps over a signed LEB128 of at most 64 bits. */
  skipS64(): void {
    for (let length = 1; length < 10; length += 1) if (this.byte() < 0x80) return;
    const last = this.byte();
    if (last !== 0x00 && last !== 0x7f) throw this.malformed('integer too large');
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    this.skip(length);
    return this.bytes.subarray(this.position - length, this.position);
  }

  skip(length: number): void {
    if (length > this.end - this.position) throw this.malformed('unexpected end');
    this.position += length;
  }

  /** A counted string of UTF-8. */
  name(): string {
    const encoded = this.take(this.u32());
    try {
      return text.decode(encoded);
    } catch {
      throw this.malformed('a name is not UTF-8');
    }
  }

  /** A reader of the next `length` bytes; this one steps over them. */
  part(length: number): Reader {
    this.skip(length);
    return new Reader(this.bytes, this.position - length, this.position);
  }

  malformed(reason: string): ContractError {
    return deserializationError('MALFORMED', `${reason} at byte ${this.position}`);
  }
}
