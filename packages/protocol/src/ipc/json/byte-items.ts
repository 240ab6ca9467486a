/** The decimal digits of each byte and a comma, as they lie in memory, little-endian. */
const ITEMS = new Uint32Array(256);
const LENGTHS = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const text = `${byte},`;
  let word = 0;
  for (let i = 0; i < text.length; i++) word |= text.charCodeAt(i) << (8 * i);
  ITEMS[byte] = word;
  LENGTHS[byte] = text.length;
}

/** Shorter lists are not worth the table of pairs, which takes half a megabyte. */
const SHORT = 64;
let pairs: DataView | undefined;

/**
 * The same for each two bytes, which take at most eight: at 8 times the first plus 256 times the second. They are read
 * and written as numbers of 64 bits, whose digits are never those of a NaN, so that not a bit of them changes.
 */
function makePairs(): DataView {
  const table = new DataView(new ArrayBuffer(8 * 65_536));
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const at = 8 * (first | (second << 8));
      table.setUint32(at, ITEMS[first]!, true);
      table.setUint32(at + LENGTHS[first]!, ITEMS[second]!, true);
    }
  }
  return table;
}

/** Most bytes that {@link writeByteList} writes. The last word may reach past what it means. */
export function byteListBound(bytes: Uint8Array): number {
  return 4 * bytes.length + 6;
}

/**
 * Writes a list of integers 0…255, and gives where it ends. No method of a class: what the loop needs is then in
 * variables that nothing else can change.
 */
export function writeByteList(bytes: Uint8Array, view: DataView, from: number): number {
  const { length } = bytes;
  let at = from;
  let i = 0;
  view.setUint8(at++, 0x5b);
  if (length >= SHORT) {
    const table = (pairs ??= makePairs());
    for (const even = length & ~1; i < even; i += 2) {
      const first = bytes[i]!;
      const second = bytes[i + 1]!;
      view.setFloat64(at, table.getFloat64((first | (second << 8)) << 3, true), true);
      at += LENGTHS[first]! + LENGTHS[second]!;
    }
  }
  for (; i < length; i++) {
    const byte = bytes[i]!;
    view.setUint32(at, ITEMS[byte]!, true);
    at += LENGTHS[byte]!;
  }
  if (length > 0) at--;
  view.setUint8(at++, 0x5d);
  return at;
}
