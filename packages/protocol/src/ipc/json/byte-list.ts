import { concat } from '@enigma-worker/crypto';

const COMMA = 0x2c;
const CLOSE = 0x5d;
const ZERO = 0x30;

/**
 * A perfect hash of the 256 items `0,` … `255,`, each as the little-endian word of its two to four bytes: the top
 * bits of the product with the golden ratio are different for all of them. One comparison with the item that
 * belongs in a slot then says at once whether the bytes are a valid item, and which.
 */
const GOLDEN_RATIO = 0x9e3779b1;
const SLOT_BITS = 12;
const ITEM_IN_SLOT = new Int32Array(1 << SLOT_BITS);
const BYTE_IN_SLOT = new Uint8Array(1 << SLOT_BITS);

function slotOf(item: number): number {
  return Math.imul(item, GOLDEN_RATIO) >>> (32 - SLOT_BITS);
}

function itemOf(byte: number): number {
  const text = `${byte},`;
  let item = 0;
  for (let i = 0; i < text.length; i++) item |= text.charCodeAt(i) << (8 * i);
  return item;
}

// An empty slot holds an item that never hashes there, so that nothing matches it.
ITEM_IN_SLOT.fill(itemOf(0));
for (let byte = 0; byte < 256; byte++) {
  const slot = slotOf(itemOf(byte));
  ITEM_IN_SLOT[slot] = itemOf(byte);
  BYTE_IN_SLOT[slot] = byte;
}

const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Where bytes are collected: a constant, so that the compiler knows its address. Copied out before anyone else runs. */
const SCRATCH = new Uint8Array(16_384);

/** A byte string that was read from a frame, and where the text goes on after it. */
export interface ByteList {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/**
 * Reads a non-empty list of integers 0…255 from a frame, `undefined` when the list is of something else.
 * This is where the time of large messages goes, so items are recognised four bytes at a time and without
 * branches on the number of digits, which no processor can predict for encrypted bytes.
 * @param start position after the opening bracket
 */
export function readByteList(source: Uint8Array, start: number): ByteList | undefined {
  // Made here although the caller could share one: the compiler then need not check it in the loop.
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const lastWord = source.length - 4;
  let full: Uint8Array[] | undefined;
  let count = 0;
  let at = start;
  for (;;) {
    while (at <= lastWord && count < SCRATCH.length) {
      const word = view.getInt32(at, true);
      // A digit has bit 4 set, a comma has not. Brackets have it too, but then the item is no item.
      const two = (word >>> 12) & 1;
      const three = two & (word >>> 20);
      const length = 2 + two + three;
      const unused = (4 - length) << 3;
      const item = (word << unused) >>> unused;
      const slot = slotOf(item);
      if (ITEM_IN_SLOT[slot] !== item) break;
      SCRATCH[count++] = BYTE_IN_SLOT[slot]!;
      at += length;
    }
    if (count === SCRATCH.length) {
      full ??= [];
      full.push(SCRATCH.slice());
      count = 0;
      continue;
    }
    // The last items, and those with white space around them.
    at = skipSpace(source, at);
    const first = at;
    let value = 0;
    while (at < first + 3 && isDigit(source[at])) value = value * 10 + source[at++]! - ZERO;
    const leadingZero = at - first > 1 && source[first] === ZERO;
    if (at === first || value > 255 || leadingZero) return undefined;
    SCRATCH[count++] = value;
    at = skipSpace(source, at);
    if (source[at] === CLOSE) return { bytes: collect(full, count), end: at + 1 };
    if (source[at] !== COMMA) return undefined;
    at++;
  }
}

function collect(full: readonly Uint8Array[] | undefined, count: number): Uint8Array {
  const last = SCRATCH.slice(0, count);
  return full === undefined ? last : concat(...full, last);
}

function skipSpace(source: Uint8Array, from: number): number {
  let at = from;
  while (at < source.length && SPACES.has(source[at]!)) at++;
  return at;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= ZERO && code <= ZERO + 9;
}
