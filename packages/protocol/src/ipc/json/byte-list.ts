const COMMA = 0x2c;
const CLOSE = 0x5d;
const ZERO = 0x30;

const IS_DIGIT = new Uint8Array(256);
for (let digit = 0; digit < 10; digit++) IS_DIGIT[ZERO + digit] = 1;

const IS_SPACE = new Uint8Array(256);
for (const space of [0x20, 0x09, 0x0a, 0x0d]) IS_SPACE[space] = 1;

const SCRATCH = new Uint8Array(4096);

/** A byte string that was read from a frame, and where the text goes on after it. */
export interface ByteList {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/**
 * Reads a non-empty list of integers 0…255 from a frame, `undefined` when the list is of something else.
 * This is where the time of large messages goes: digits are combined without branches, because the number
 * of digits of an encrypted byte cannot be predicted.
 * @param start position after the opening bracket
 */
export function readByteList(source: Uint8Array, start: number): ByteList | undefined {
  const close = source.indexOf(CLOSE, start);
  // The scan looks two bytes ahead of an item's first digit, so something must follow the bracket.
  if (close < 0 || close + 1 >= source.length) return undefined;
  const most = (close - start + 1) >> 1;
  const target = most <= SCRATCH.length ? SCRATCH : new Uint8Array(most);
  let count = 0;
  let at = start;
  for (;;) {
    const first = source[at]!;
    const second = source[at + 1]!;
    const third = source[at + 2]!;
    const two = IS_DIGIT[second]!;
    const three = two & IS_DIGIT[third]!;
    const tens = first - ZERO + two * (9 * (first - ZERO) + second - ZERO);
    const value = tens + three * (9 * tens + third - ZERO);
    const leadingZero = first === ZERO && two === 1;
    if (IS_DIGIT[first] === 0 || value > 255 || leadingZero) {
      if (IS_SPACE[first] === 0) return undefined;
      at++;
      continue;
    }
    target[count++] = value;
    at += 1 + two + three;
    let separator = source[at]!;
    while (IS_SPACE[separator] === 1) separator = source[++at]!;
    if (separator === COMMA) {
      at++;
    } else if (separator === CLOSE) {
      return { bytes: target.slice(0, count), end: at + 1 };
    } else {
      return undefined;
    }
  }
}
