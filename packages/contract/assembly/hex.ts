import { revert } from './revert';

/** Hex digits: lower case out, either case in. */

// @ts-ignore: decorator
@inline
function digit(value: u32): u32 {
  return value + (value < 10 ? 0x30 : 0x57);
}

function digitValue(character: u32): u32 {
  const number = character - 0x30;
  if (number < 10) return number;
  const letter = (character | 0x20) - 0x61;
  if (letter < 6) return letter + 10;
  revert('not a hex digit');
  return 0;
}

/** Writes `2 * length` ASCII digits. */
export function writeHex(target: usize, bytes: usize, length: i32): void {
  for (let i = 0; i < length; i++) {
    const byte: u32 = load<u8>(bytes + i);
    store<u16>(target + 2 * i, digit(byte >> 4) | (digit(byte & 15) << 8));
  }
}

/** Reads `2 * length` ASCII digits. */
export function readHex(target: usize, digits: usize, length: i32): void {
  for (let i = 0; i < length; i++) {
    store<u8>(target + i, (digitValue(load<u8>(digits + 2 * i)) << 4) | digitValue(load<u8>(digits + 2 * i, 1)));
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
