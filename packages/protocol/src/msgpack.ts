import { MAX_INTEGER, MIN_INTEGER, sortedKeys, type Json } from './state/json.js';
import { StateError } from './state/errors.js';

/** How deep arrays and maps may nest in msgpack: what the JSON of a state can reach, twice over. */
const MAX_DEPTH = 256;

/** The msgpack of a JSON value: smallest form of each integer, 64-bit floats, map keys sorted by bytes. */
export function encodeMsgpack(value: Json): Uint8Array {
  const writer = new MsgpackWriter();
  writer.value(value);
  return writer.finish();
}

/**
 * The JSON value that `bytes` begin with, and how many of them it took.
 * @throws StateError `INVALID_MSGPACK`, also for binary strings and extensions
 */
export function decodeMsgpack(bytes: Uint8Array): { value: Json; length: number } {
  const reader = new MsgpackReader(bytes);
  const value = reader.value();
  return { value, length: reader.at };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Writes msgpack piece by piece. Source: the MessagePack specification; docs/protocol.md, "State". */
export class MsgpackWriter {
  readonly #most: number;
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** @param most bytes: with more the writer fails before it takes much memory, `TOO_LARGE` */
  constructor(most = Infinity) {
    this.#most = most;
  }

  /** What was written so far. @throws StateError `TOO_LARGE` */
  finish(): Uint8Array {
    this.#checkSize();
    return this.#bytes.subarray(0, this.#at);
  }

  /** Opens an array of `length` items, which must follow. */
  array(length: number): void {
    this.#header(length, 0x90, 15, undefined, 0xdc);
  }

  /** Opens a map of `length` pairs, which must follow. */
  map(length: number): void {
    this.#header(length, 0x80, 15, undefined, 0xde);
  }

  /** A byte string, as the protocol writes them: an array of integers. */
  byteArray(bytes: Uint8Array): void {
    this.array(bytes.length);
    this.#reserve(2 * bytes.length);
    for (const byte of bytes) {
      if (byte > 0x7f) this.#bytes[this.#at++] = 0xcc;
      this.#bytes[this.#at++] = byte;
    }
  }

  string(text: string): void {
    // The length in bytes comes first but is not known yet: guess that the text is ASCII.
    if (text.length < 32 && this.#shortAscii(text)) return;
    const bytes = encoder.encode(text);
    this.#header(bytes.length, 0xa0, 31, 0xd9, 0xda);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  integer(value: bigint | number): void {
    this.#reserve(9);
    const small = Number(value);
    if (small >= -32 && small <= 0x7f) this.#bytes[this.#at++] = small & 0xff;
    else if (small >= 0) this.#unsigned(value, small);
    else this.#signed(value, small);
  }

  float(value: number): void {
    this.#reserve(9);
    this.#bytes[this.#at] = 0xcb;
    this.#view.setFloat64(this.#at + 1, value);
    this.#at += 9;
  }

  value(value: Json): void {
    if (value === null) this.#byte(0xc0);
    else if (typeof value === 'boolean') this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === 'string') this.string(value);
    else if (typeof value === 'bigint') this.integer(value);
    else if (typeof value === 'number') this.float(value);
    else if (Array.isArray(value)) {
      this.array(value.length);
      for (const item of value) this.value(item);
    } else {
      this.map(value.size);
      for (const key of sortedKeys(value)) {
        this.string(key);
        this.value(value.get(key)!);
      }
    }
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    this.#checkSize();
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + length));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #checkSize(): void {
    if (this.#at > this.#most)
      throw new StateError('TOO_LARGE', `msgpack: expected at most ${this.#most} bytes, got more`);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  #header(length: number, fix: number, fixMax: number, with8: number | undefined, with16: number): void {
    this.#reserve(5);
    if (length <= fixMax) {
      this.#bytes[this.#at++] = fix | length;
    } else if (with8 !== undefined && length <= 0xff) {
      this.#bytes[this.#at++] = with8;
      this.#bytes[this.#at++] = length;
    } else if (length <= 0xffff) {
      this.#bytes[this.#at] = with16;
      this.#view.setUint16(this.#at + 1, length);
      this.#at += 3;
    } else {
      this.#bytes[this.#at] = with16 + 1;
      this.#view.setUint32(this.#at + 1, length);
      this.#at += 5;
    }
  }

  #shortAscii(text: string): boolean {
    this.#reserve(1 + text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return false;
      this.#bytes[this.#at + 1 + i] = unit;
    }
    this.#bytes[this.#at] = 0xa0 | text.length;
    this.#at += 1 + text.length;
    return true;
  }

  #unsigned(value: bigint | number, near: number): void {
    const at = this.#at;
    if (near <= 0xff) {
      this.#bytes[at] = 0xcc;
      this.#bytes[at + 1] = near;
      this.#at += 2;
    } else if (near <= 0xffff) {
      this.#bytes[at] = 0xcd;
      this.#view.setUint16(at + 1, near);
      this.#at += 3;
    } else if (near <= 0xffff_ffff) {
      this.#bytes[at] = 0xce;
      this.#view.setUint32(at + 1, near);
      this.#at += 5;
    } else {
      const exact = BigInt(value);
      if (exact > MAX_INTEGER) throw new RangeError('msgpack: an integer is at most 2^64-1');
      this.#bytes[at] = 0xcf;
      this.#view.setBigUint64(at + 1, exact);
      this.#at += 9;
    }
  }

  #signed(value: bigint | number, near: number): void {
    const at = this.#at;
    if (near >= -0x80) {
      this.#bytes[at] = 0xd0;
      this.#view.setInt8(at + 1, near);
      this.#at += 2;
    } else if (near >= -0x8000) {
      this.#bytes[at] = 0xd1;
      this.#view.setInt16(at + 1, near);
      this.#at += 3;
    } else if (near >= -0x8000_0000) {
      this.#bytes[at] = 0xd2;
      this.#view.setInt32(at + 1, near);
      this.#at += 5;
    } else {
      const exact = BigInt(value);
      if (exact < MIN_INTEGER) throw new RangeError('msgpack: an integer is at least -2^63');
      this.#bytes[at] = 0xd3;
      this.#view.setBigInt64(at + 1, exact);
      this.#at += 9;
    }
  }
}

/** Reads msgpack piece by piece; every method throws StateError `INVALID_MSGPACK`. */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #depth = 0;
  /** How many bytes were read. */
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The number of items of the array that begins here. */
  array(): number {
    const length = this.#arrayLength(this.#byte());
    return length ?? this.#fail('an array');
  }

  /** The number of pairs of the map that begins here. */
  map(): number {
    const length = this.#mapLength(this.#byte());
    return length ?? this.#fail('a map');
  }

  /** A byte string written as an array of integers. */
  byteArray(): Uint8Array {
    const bytes = new Uint8Array(this.array());
    for (let i = 0; i < bytes.length; i++) {
      const first = this.#byte();
      const byte = first <= 0x7f ? first : first === 0xcc ? this.#byte() : this.#fail('a byte');
      bytes[i] = byte;
    }
    return bytes;
  }

  string(): string {
    const length = this.#stringLength(this.#byte());
    return length === undefined ? this.#fail('a string') : this.#text(length);
  }

  integer(): bigint {
    const value = this.#integer(this.#byte());
    return value ?? this.#fail('an integer');
  }

  value(): Json {
    const first = this.#byte();
    const integer = this.#integer(first);
    if (integer !== undefined) return integer;
    const stringLength = this.#stringLength(first);
    if (stringLength !== undefined) return this.#text(stringLength);
    const arrayLength = this.#arrayLength(first);
    if (arrayLength !== undefined) return this.#nested(() => this.#items(arrayLength));
    const mapLength = this.#mapLength(first);
    if (mapLength !== undefined) return this.#nested(() => this.#entries(mapLength));
    switch (first) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.#finite(this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return this.#finite(this.#view.getFloat64(this.#take(8)));
      default:
        return this.#fail('a JSON value');
    }
  }

  #fail(expected: string): never {
    throw new StateError('INVALID_MSGPACK', `msgpack: expected ${expected} at byte ${this.at - 1}`);
  }

  /** The position of the next `length` bytes, which are then read. */
  #take(length: number): number {
    const at = this.at;
    if (length > this.#bytes.length - at) {
      throw new StateError(
        'INVALID_MSGPACK',
        `msgpack: expected ${length} more bytes, got ${this.#bytes.length - at}`,
      );
    }
    this.at = at + length;
    return at;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new StateError('INVALID_MSGPACK', 'msgpack: nested too deep');
    const value = read();
    this.#depth--;
    return value;
  }

  #items(length: number): Json[] {
    const items: Json[] = [];
    for (let i = 0; i < length; i++) items.push(this.value());
    return items;
  }

  #entries(length: number): Map<string, Json> {
    const entries = new Map<string, Json>();
    for (let i = 0; i < length; i++) {
      const key = this.string();
      entries.set(key, this.value());
    }
    return entries;
  }

  #finite(value: number): number {
    return Number.isFinite(value) ? value : this.#fail('a finite float');
  }

  #text(length: number): string {
    const start = this.#take(length);
    const bytes = this.#bytes.subarray(start, start + length);
    try {
      return length < 24 ? shortText(bytes) : decoder.decode(bytes);
    } catch {
      return this.#fail('UTF-8');
    }
  }

  #integer(first: number): bigint | undefined {
    if (first <= 0x7f) return BigInt(first);
    if (first >= 0xe0) return BigInt(first - 0x100);
    switch (first) {
      case 0xcc:
        return BigInt(this.#byte());
      case 0xcd:
        return BigInt(this.#view.getUint16(this.#take(2)));
      case 0xce:
        return BigInt(this.#view.getUint32(this.#take(4)));
      case 0xcf:
        return this.#view.getBigUint64(this.#take(8));
      case 0xd0:
        return BigInt(this.#view.getInt8(this.#take(1)));
      case 0xd1:
        return BigInt(this.#view.getInt16(this.#take(2)));
      case 0xd2:
        return BigInt(this.#view.getInt32(this.#take(4)));
      case 0xd3:
        return this.#view.getBigInt64(this.#take(8));
      default:
        return undefined;
    }
  }

  #stringLength(first: number): number | undefined {
    if (first >= 0xa0 && first <= 0xbf) return first & 0x1f;
    if (first === 0xd9) return this.#byte();
    if (first === 0xda) return this.#view.getUint16(this.#take(2));
    return first === 0xdb ? this.#view.getUint32(this.#take(4)) : undefined;
  }

  #arrayLength(first: number): number | undefined {
    if (first >= 0x90 && first <= 0x9f) return first & 0x0f;
    return this.#longLength(first, 0xdc, 1);
  }

  #mapLength(first: number): number | undefined {
    if (first >= 0x80 && first <= 0x8f) return first & 0x0f;
    return this.#longLength(first, 0xde, 2);
  }

  #longLength(first: number, with16: number, bytesAnItem: number): number | undefined {
    let length: number;
    if (first === with16) length = this.#view.getUint16(this.#take(2));
    else if (first === with16 + 1) length = this.#view.getUint32(this.#take(4));
    else return undefined;
    // An item has at least one byte: a length that cannot be true is refused before memory is taken for it.
    if (length * bytesAnItem > this.#bytes.length - this.at) this.#fail(`${length} items`);
    return length;
  }
}

function shortText(bytes: Uint8Array): string {
  for (const byte of bytes) if (byte > 0x7f) return decoder.decode(bytes);
  return String.fromCharCode(...bytes);
}
