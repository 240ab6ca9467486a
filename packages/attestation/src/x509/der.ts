import { Refusal } from '../refusal.js';

/** One value of a DER encoding (ITU-T X.690): strict, definite lengths only. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content together: what signatures cover. */
  readonly raw: Uint8Array;
}

/** Tags of the universal types that certificates use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Values inside one constructed value; certificates and revocation lists stay far below it. */
const MOST_CHILDREN = 100_000;

/**
 * The one value that `bytes` holds, with nothing after it.
 * @throws Refusal `MALFORMED`
 */
export function readDer(bytes: Uint8Array): DerValue {
  const { value, end } = readAt(bytes, 0);
  if (end !== bytes.length) throw malformed('trailing bytes');
  return value;
}

/** The values inside a constructed value. Its tag must be the expected one. */
export function childrenOf(value: DerValue, tag: number = TAG.sequence): DerValue[] {
  expectTag(value, tag);
  const children: DerValue[] = [];
  for (let offset = 0; offset < value.content.length;) {
    if (children.length === MOST_CHILDREN) throw malformed('too many values');
    const { value: child, end } = readAt(value.content, offset);
    children.push(child);
    offset = end;
  }
  return children;
}

/** The content of a value that must be there and have the given tag. */
export function contentOf(value: DerValue | undefined, tag: number): Uint8Array {
  if (value === undefined) throw malformed('a value is missing');
  expectTag(value, tag);
  return value.content;
}

/** A value that must be there. */
export function required(value: DerValue | undefined): DerValue {
  if (value === undefined) throw malformed('a value is missing');
  return value;
}

/** The whole bytes of a bit string; one with unused bits is refused. */
export function bitsOf(value: DerValue | undefined): Uint8Array {
  const content = contentOf(value, TAG.bitString);
  if (content[0] !== 0) throw malformed('a bit string with unused bits');
  return content.subarray(1);
}

/** A non-negative integer below 2^31, of an INTEGER or ENUMERATED. */
export function smallIntegerOf(value: DerValue | undefined, tag: number = TAG.integer): number {
  const content = contentOf(value, tag);
  if (content.length === 0 || content.length > 4 || content[0]! > 0x7f)
    throw malformed('an integer out of range');
  return content.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** An object identifier in dotted form. */
export function oidOf(value: DerValue | undefined): string {
  const content = contentOf(value, TAG.oid);
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    if (arc > 2 ** 40) throw malformed('an object identifier out of range');
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0)
      arcs.push(Math.min(Math.floor(arc / 40), 2), arc - 40 * Math.min(Math.floor(arc / 40), 2));
    else arcs.push(arc);
    arc = 0;
  }
  if (arcs.length === 0 || content.at(-1)! >= 0x80) throw malformed('an object identifier cut short');
  return arcs.join('.');
}

/** A point in time of a UTCTime or GeneralizedTime, as RFC 5280 writes them (seconds, `Z`). */
export function timeOf(value: DerValue | undefined): Date {
  const { tag, content } = required(value);
  const digits = String.fromCharCode(...content.subarray(0, 32));
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(digits);
  const yearDigits = tag === TAG.utcTime ? 2 : tag === TAG.generalizedTime ? 4 : 0;
  if (match === null || match[1]!.length !== yearDigits) throw malformed('a time of another form');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fullYear = yearDigits === 4 ? year : year < 50 ? 2000 + year : 1900 + year;
  return new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second));
}

function readAt(bytes: Uint8Array, start: number): { value: DerValue; end: number } {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw malformed('cut short');
  if ((tag & 0x1f) === 0x1f) throw malformed('a tag of several bytes');
  let offset = start + 2;
  let length = first;
  if (first >= 0x80) {
    const lengthBytes = first - 0x80;
    if (lengthBytes === 0 || lengthBytes > 4) throw malformed('a length of another form');
    length = 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[offset++] ?? Number.NaN);
    // DER has one encoding for each length: the shortest.
    if (!(length >= (lengthBytes === 1 ? 0x80 : 256 ** (lengthBytes - 1))))
      throw malformed('a length of another form');
  }
  const end = offset + length;
  if (end > bytes.length) throw malformed('cut short');
  return { value: { tag, content: bytes.subarray(offset, end), raw: bytes.subarray(start, end) }, end };
}

function expectTag(value: DerValue, tag: number): void {
  if (value.tag !== tag)
    throw malformed(`expected tag 0x${tag.toString(16)}, got 0x${value.tag.toString(16)}`);
}

function malformed(what: string): Refusal {
  return new Refusal('MALFORMED', `DER: ${what}`);
}
