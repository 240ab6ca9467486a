import { concat, utf8 } from '@enigma-worker/crypto';

/** Writes DER for the certificates of a fake authority. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content);
  return concat(Uint8Array.of(tag), lengthOf(body.length), body);
}

export const sequence = (...items: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Uint8Array => tlv(0x31, ...items);
export const octets = (bytes: Uint8Array): Uint8Array => tlv(0x04, bytes);
export const bits = (bytes: Uint8Array, unused = 0): Uint8Array => tlv(0x03, Uint8Array.of(unused), bytes);
export const boolean = (value: boolean): Uint8Array => tlv(0x01, Uint8Array.of(value ? 0xff : 0));
export const text = (value: string): Uint8Array => tlv(0x0c, utf8(value));
export const tagged = (number: number, ...items: readonly Uint8Array[]): Uint8Array =>
  tlv(0xa0 + number, ...items);

export function integer(value: number | Uint8Array): Uint8Array {
  const bytes = typeof value === 'number' ? bigEndian(value) : value;
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(start === -1 ? bytes.length - 1 : start);
  return tlv(0x02, digits[0]! > 0x7f ? concat(Uint8Array.of(0), digits) : digits);
}

export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const arcs = [40 * first! + second!, ...rest];
  return tlv(0x06, ...arcs.map(base128));
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 wants. */
export function time(date: Date): Uint8Array {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d{3}/g, '');
  return date.getUTCFullYear() < 2050 ? tlv(0x17, utf8(digits.slice(2))) : tlv(0x18, utf8(digits));
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes = bigEndian(length);
  return concat(Uint8Array.of(0x80 + bytes.length), bytes);
}

function bigEndian(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; bytes.length === 0 || left > 0; left = Math.floor(left / 256))
    bytes.unshift(left % 256);
  return Uint8Array.from(bytes);
}

function base128(arc: number): Uint8Array {
  const bytes = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift(0x80 + (left % 128));
  return Uint8Array.from(bytes);
}
