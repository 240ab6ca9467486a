/** Hex digits: lower case out, either case in. Eight digits at a time in one word, because gas is paid for each instruction. */
import { revert } from './revert';

/** The ASCII digits of four bytes; the lowest byte of the result is the first digit. */
function digitsOf(bytes: u32): u64 {
  let nibbles: u64 = bswap<u32>(bytes);
  nibbles = (nibbles | (nibbles << 16)) & 0x0000ffff0000ffff;
  nibbles = (nibbles | (nibbles << 8)) & 0x00ff00ff00ff00ff;
  nibbles = (nibbles | (nibbles << 4)) & 0x0f0f0f0f0f0f0f0f;
  return bswap<u64>(asciiOf(nibbles));
}

/** Each byte from 0 to 15 becomes its digit. */
@inline
function asciiOf(nibbles: u64): u64 {
  const isLetter = ((nibbles + 0x0606060606060606) >> 4) & 0x0101010101010101;
  return nibbles + 0x3030303030303030 + isLetter * 0x27;
}

/** The four bytes of eight ASCII digits. */
function bytesOf(digits: u64): u32 {
  let nibbles = (digits & 0x0f0f0f0f0f0f0f0f) + ((digits >> 6) & 0x0101010101010101) * 9;
  // What is no digit does not become the same text again. Only letters have a case: what has bit 6 gets bit 5.
  const lower = digits | ((digits >> 1) & 0x2020202020202020);
  if (asciiOf(nibbles & 0x0f0f0f0f0f0f0f0f) != lower) revert('not a hex digit');
  nibbles = bswap<u64>(nibbles);
  nibbles = (nibbles | (nibbles >> 4)) & 0x00ff00ff00ff00ff;
  nibbles = (nibbles | (nibbles >> 8)) & 0x0000ffff0000ffff;
  return bswap<u32>(<u32>(nibbles | (nibbles >> 16)));
}

/** Writes `2 * length` ASCII digits. */
export function writeHex(target: usize, bytes: usize, length: i32): void {
  for (; length >= 4; length -= 4) {
    store<u64>(target, digitsOf(load<u32>(bytes)));
    target += 8;
    bytes += 4;
  }
  for (; length > 0; length--) {
    store<u16>(target, <u16>digitsOf(load<u8>(bytes++)));
    target += 2;
  }
}

/** Reads `2 * length` ASCII digits. */
export function readHex(target: usize, digits: usize, length: i32): void {
  for (; length >= 4; length -= 4) {
    store<u32>(target, bytesOf(load<u64>(digits)));
    target += 4;
    digits += 8;
  }
  for (; length > 0; length--) {
    // Six zeros behind the two digits.
    store<u8>(target++, bytesOf(0x3030303030300000 | <u64>load<u16>(digits)));
    digits += 2;
  }
}

/** The hex text, with `0x`, of some bytes. */
export function toHex(bytes: usize, length: i32): string {
  const text = heap.alloc(2 + 2 * length);
  store<u16>(text, 0x7830); // "0x"
  writeHex(text + 2, bytes, length);
  return String.UTF8.decodeUnsafe(text, 2 + 2 * length);
}

/** The bytes of a hex text, with or without `0x`. */
export function fromHex(text: string): ArrayBuffer {
  const ascii = String.UTF8.encode(text);
  let digits = changetype<usize>(ascii);
  let length = ascii.byteLength;
  if (length >= 2 && load<u16>(digits) == 0x7830) {
    digits += 2;
    length -= 2;
  }
  if (length & 1) revert('hex text has an odd length');
  const bytes = new ArrayBuffer(length >> 1);
  readHex(changetype<usize>(bytes), digits, length >> 1);
  return bytes;
}
