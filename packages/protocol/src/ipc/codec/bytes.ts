import type { Limits } from '../../limits.js';
import { describe, JsonList, JsonText, type JsonValue } from '../json/value.js';
import { byteListBound } from '../json/byte-items.js';
import { hexBound, type JsonWriter } from '../json/writer.js';
import type { Dialect } from '../dialect.js';
import type { Codec, ReadContext } from './codec.js';
import { readHexText } from './hex-text.js';

/** How long a byte string may be. */
export interface BytesSize {
  /** Exactly this many bytes. */
  readonly length?: number;
  /** At most this many bytes. */
  readonly most?: (limits: Limits) => number;
}

/** A byte string written as a list of integers 0…255; read from that or from hex. */
export function ints(size: BytesSize = {}): Codec<Uint8Array> {
  return {
    names: [],
    read: (value, context) => readBytes(value, context, size),
    bound: byteListBound,
    write: (value, out) => out.ints(value),
  };
}

/** A byte string written as hex, lower case without `0x`; read from any hex or from a list of integers 0…255. */
export function hex(size: BytesSize = {}): Codec<Uint8Array> {
  return {
    names: [],
    read: (value, context) => readBytes(value, context, size),
    bound: hexBound,
    write: (value, out) => out.hex(value),
  };
}

/** A byte string that the dialects write differently, and both read in every way. */
export function intsOrHex(asHex: Dialect, size: BytesSize = {}): Codec<Uint8Array> {
  return {
    names: [],
    read: (value, context) => readBytes(value, context, size),
    bound: byteListBound,
    write(value: Uint8Array, out: JsonWriter): void {
      if (out.dialect === asHex) out.hex(value);
      else out.ints(value);
    },
  };
}

/** Reads a byte string from hex or a list of integers. */
export function readBytes(value: JsonValue | undefined, context: ReadContext, size: BytesSize): Uint8Array {
  if (value instanceof Uint8Array) return checkSize(value, context, size);
  if (value instanceof JsonText) {
    const bytes = readHexText(value);
    if (typeof bytes === 'string') throw context.invalid(expectation(size), value, bytes);
    return checkSize(bytes, context, size);
  }
  throw context.invalid(expectation(size), value, value instanceof JsonList ? badList(value) : undefined);
}

/** What is wrong with a list that is no byte string: its first item that is no byte. */
function badList(list: JsonList): string {
  const at = list.items.findIndex((item) => !isByte(item));
  const item = list.items[at];
  // Of a list that is longer than any may be, the reader keeps the beginning only.
  if (item === undefined) return `${describe(list)}, not all of them bytes`;
  const what =
    typeof item === 'number' || typeof item === 'bigint' ? 'an integer out of range' : describe(item);
  return `${describe(list)}, of which [${at}] is ${what}`;
}

function isByte(item: JsonValue): boolean {
  return typeof item === 'number' && item >= 0 && item <= 0xff;
}

/** Refuses a byte string of another size. */
export function checkSize(bytes: Uint8Array, context: ReadContext, size: BytesSize): Uint8Array {
  if (size.length !== undefined && bytes.length !== size.length) {
    throw context.invalid(expectation(size), bytes, `${bytes.length} bytes`);
  }
  const most = size.most?.(context.limits);
  if (most !== undefined && bytes.length > most) {
    throw context.tooLarge(`at most ${most} bytes`, `${bytes.length}`);
  }
  return bytes;
}

function expectation(size: BytesSize): string {
  const what = size.length === undefined ? 'bytes' : `${size.length} bytes`;
  return `${what} as hex or as a list of integers 0 to 255`;
}
