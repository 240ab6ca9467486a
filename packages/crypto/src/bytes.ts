/** Concatenates byte strings into a fresh array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Whether two byte strings are equal. The time it takes tells their length alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Compares byte strings as unsigned lexicographic sequences: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether every byte is zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

const encoder = new TextEncoder();
/** Where short texts are encoded: what the encoder itself makes would be memory of its own, however short. */
const scratch = new Uint8Array(192);
const MOST_BYTES_OF_A_UNIT = 3;
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  if (text.length * MOST_BYTES_OF_A_UNIT > scratch.length) return encoder.encode(text);
  const { written } = encoder.encodeInto(text, scratch);
  const bytes = scratch.slice(0, written);
  scratch.fill(0, 0, written);
  return bytes;
}

/**
 * The text of UTF-8 bytes, a byte order mark kept as data.
 * @throws TypeError when the bytes are not valid UTF-8
 */
export function fromUtf8(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

/** Unsigned big-endian in 4 bytes. */
export function be32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new RangeError('be32: expected an integer from 0 to 2^32-1');
  }
  const bytes = new Uint8Array(4);
  putBe32(bytes, 0, value);
  return bytes;
}

/** Unsigned big-endian in 8 bytes. */
export function be64(value: bigint | number): Uint8Array {
  const integer = BigInt(value);
  if (integer < 0n || integer > 0xffff_ffff_ffff_ffffn) {
    throw new RangeError('be64: expected an integer from 0 to 2^64-1');
  }
  const bytes = new Uint8Array(8);
  putBe32(bytes, 0, Number(integer >> 32n));
  putBe32(bytes, 4, Number(integer & 0xffff_ffffn));
  return bytes;
}

/** By hand: a view would move each small array out of the engine's heap. */
function putBe32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/**
 * Length-prefixed concatenation: for each part its length as 8 bytes big-endian, then its bytes.
 * An empty part contributes eight zero bytes. This is what every signature of the protocol covers.
 * Source: docs/protocol.md, "Conventions".
 */
export function lengthPrefixed(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += 8 + part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    putBe32(joined, offset + 4, part.length);
    joined.set(part, offset + 8);
    offset += 8 + part.length;
  }
  return joined;
}
