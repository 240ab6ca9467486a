import type { Dialect } from '../dialect.js';
import { writeByteList } from './byte-items.js';

const HEX_DIGITS = '0123456789abcdef';
/** The byte between two items. */
export const COMMA = 0x2c;
const QUOTE = 0x22;

/** The two hex digits of each byte, as they lie in memory. */
const HEX_PAIRS = new Uint16Array(256);

for (let byte = 0; byte < 256; byte++) {
  HEX_PAIRS[byte] = HEX_DIGITS.charCodeAt(byte >> 4) | (HEX_DIGITS.charCodeAt(byte & 15) << 8);
}

const encoder = new TextEncoder();

/** Gives at least so many bytes: an `ArrayBuffer` from its beginning, whatever is in it. */
export type TakeMemory = (bound: number) => Uint8Array;

function newMemory(bound: number): Uint8Array {
  return new Uint8Array(bound);
}

/** Bytes that {@link JsonWriter.hex} writes. */
export function hexBound(bytes: Uint8Array): number {
  return 2 * bytes.length + 2;
}

/** Most bytes that {@link JsonWriter.text} writes. */
export function textBound(text: string): number {
  return 6 * text.length + 2;
}

/** Most bytes that {@link JsonWriter.integer} writes for 64-bit integers. */
export const INTEGER_BOUND = 20;

/**
 * Writes JSON straight into one byte array, which is as large as the caller's bound says: no string of the
 * message ever exists, and nothing grows.
 */
export class JsonWriter {
  readonly dialect: Dialect;
  private target: Uint8Array;
  private view: DataView;
  private at = 0;

  /**
   * @param bound most bytes that will be written
   * @param take where the memory comes from
   */
  constructor(bound: number, dialect: Dialect, take: TakeMemory = newMemory) {
    this.dialect = dialect;
    this.target = take(bound);
    this.view = new DataView(this.target.buffer);
  }

  /** A few bytes that are JSON already. */
  raw(bytes: Uint8Array): void {
    const { target } = this;
    let at = this.at;
    // Field names are short: a loop costs less than the call of a native copy.
    for (let i = 0; i < bytes.length; i++) target[at++] = bytes[i]!;
    this.at = at;
  }

  /** Many bytes that are JSON already. */
  block(bytes: Uint8Array): void {
    this.target.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** One ASCII byte of JSON. */
  punctuation(code: number): void {
    this.target[this.at++] = code;
  }

  /** A list of integers 0…255; see {@link byteListBound}. */
  ints(bytes: Uint8Array): void {
    this.at = writeByteList(bytes, this.view, this.at);
  }

  /** A text of lower-case hex digits without `0x`. */
  hex(bytes: Uint8Array): void {
    const { target } = this;
    const view = new DataView(target.buffer);
    let at = this.at;
    target[at++] = QUOTE;
    for (let i = 0; i < bytes.length; i++) {
      view.setUint16(at, HEX_PAIRS[bytes[i]!]!, true);
      at += 2;
    }
    target[at++] = QUOTE;
    this.at = at;
  }

  /** An integer, exact; negative zero keeps its sign. */
  integer(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < 10 && !Object.is(value, -0)) {
      this.target[this.at++] = 0x30 + value;
    } else {
      this.ascii(Object.is(value, -0) ? '-0' : value.toString());
    }
  }

  /** A text with JSON's escapes. */
  text(text: string): void {
    const start = this.at;
    const { target } = this;
    let at = start;
    target[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code >= 0x7f || code === QUOTE || code === 0x5c) {
        this.escapedText(text);
        return;
      }
      target[at++] = code;
    }
    target[at++] = QUOTE;
    this.at = at;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.at;
  }

  /** Bytes that can still be written. */
  get room(): number {
    return this.target.length - this.at;
  }

  /** Goes on in larger memory, which begins an array like that of `take`; gives what was used until now. */
  moveTo(target: Uint8Array): Uint8Array {
    const before = this.finish();
    target.set(before);
    this.target = target;
    this.view = new DataView(target.buffer);
    return before;
  }

  /** What was written, as a view of the array: the array belongs to the caller from now on. */
  finish(): Uint8Array {
    return this.target.subarray(0, this.at);
  }

  private escapedText(text: string): void {
    const { written } = encoder.encodeInto(JSON.stringify(text), this.target.subarray(this.at));
    this.at += written;
  }

  private ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.target[this.at++] = text.charCodeAt(i);
  }
}
