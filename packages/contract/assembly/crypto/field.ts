/**
 * The field of secp256k1: numbers modulo p = 2^256 - 2^32 - 977, as ten limbs of 26 bits in 32-bit words, lowest first.
 *
 * 26 bits leave room: ten products of limbs add up in 64 bits, and sums need no carrying. The room has an end, which the
 * magnitude counts: limbs of magnitude m are at most 2 * m * (2^26 - 1). Products take magnitudes up to 8 and give 1.
 * The representation and its rules are those of libsecp256k1.
 */

export const FIELD_SIZE: usize = 40;
const MASK: u64 = 0x3ffffff;

/** From 32 bytes in memory order of u256: little-endian. Magnitude 1. */
export function fieldFromWords(target: usize, words: usize): void {
  let bits: u64 = 0;
  let held: u64 = 0;
  for (let i = 0; i < 8; i++) {
    // At most 25 bits wait for the next 32.
    bits |= <u64>load<u32>(words + (i << 2)) << held;
    held += 32;
    while (held >= 26) {
      store<u32>(target, bits & MASK);
      target += 4;
      bits >>= 26;
      held -= 26;
    }
  }
  store<u32>(target, bits);
}

/** To 32 bytes, little-endian. The number must be normal. */
export function fieldToWords(words: usize, a: usize): void {
  let bits: u64 = 0;
  let held: u64 = 0;
  for (let i = 0; i < 10; i++) {
    bits |= <u64>load<u32>(a + (i << 2)) << held;
    held += 26;
    if (held >= 32) {
      store<u32>(words, bits);
      words += 4;
      bits >>= 32;
      held -= 32;
    }
  }
}

/** The one form of a number below p: magnitude 1, limbs below 2^26, the last below 2^22. */
export function fieldNormalize(a: usize): void {
  // Twice: folding the bits above 2^256 back in may carry again.
  carry(a);
  carry(a);
  // What is left may be p to 2^256 - 1: adding 2^32 + 977 then carries out of bit 256.
  const room = memory.data(40, 8);
  let sum: u64 = <u64>load<u32>(a) + 0x3d1;
  store<u32>(room, sum & MASK);
  sum = (sum >> 26) + <u64>load<u32>(a, 4) + 0x40;
  store<u32>(room, sum & MASK, 4);
  for (let i = 2; i < 9; i++) {
    sum = (sum >> 26) + <u64>load<u32>(a + (i << 2));
    store<u32>(room + (i << 2), sum & MASK);
  }
  sum = (sum >> 26) + <u64>load<u32>(a, 36);
  store<u32>(room, sum & 0x3fffff, 36);
  if (sum >> 22) memory.copy(a, room, FIELD_SIZE);
}

function carry(a: usize): void {
  const top: u64 = load<u32>(a, 36);
  store<u32>(a, top & 0x3fffff, 36);
  const above = top >> 22;
  let sum: u64 = <u64>load<u32>(a) + above * 0x3d1;
  store<u32>(a, sum & MASK);
  sum = (sum >> 26) + <u64>load<u32>(a, 4) + (above << 6);
  store<u32>(a, sum & MASK, 4);
  for (let i = 2; i < 9; i++) {
    sum = (sum >> 26) + <u64>load<u32>(a + (i << 2));
    store<u32>(a + (i << 2), sum & MASK);
  }
  store<u32>(a, (sum >> 26) + <u64>load<u32>(a, 36), 36);
}

/** Whether a number is 0 modulo p; normalises it. */
export function fieldIsZero(a: usize): bool {
  fieldNormalize(a);
  let bits: u32 = 0;
  for (let i = 0; i < 10; i++) bits |= load<u32>(a + (i << 2));
  return bits == 0;
}

/** Whether two numbers are equal modulo p; normalises both. */
export function fieldEquals(a: usize, b: usize): bool {
  fieldNormalize(a);
  fieldNormalize(b);
  return memory.compare(a, b, FIELD_SIZE) == 0;
}

/** target += a; magnitudes add up. */
export function fieldAdd(target: usize, a: usize): void {
  store<u64>(target, load<u64>(target, 0) + load<u64>(a, 0), 0);
  store<u64>(target, load<u64>(target, 8) + load<u64>(a, 8), 8);
  store<u64>(target, load<u64>(target, 16) + load<u64>(a, 16), 16);
  store<u64>(target, load<u64>(target, 24) + load<u64>(a, 24), 24);
  store<u64>(target, load<u64>(target, 32) + load<u64>(a, 32), 32);
}

/** target *= factor, a small number; the magnitude grows as much. */
export function fieldScale(target: usize, factor: u64): void {
  store<u64>(target, load<u64>(target, 0) * factor, 0);
  store<u64>(target, load<u64>(target, 8) * factor, 8);
  store<u64>(target, load<u64>(target, 16) * factor, 16);
  store<u64>(target, load<u64>(target, 24) * factor, 24);
  store<u64>(target, load<u64>(target, 32) * factor, 32);
}

/** target = -a, where a has at most the given magnitude; the result has one more. */
export function fieldNegate(target: usize, a: usize, magnitude: u64): void {
  // A multiple of p whose every limb is above that of a; two limbs to a word.
  const times = 2 * (magnitude + 1);
  store<u64>(target, 0x03ffffbf03fffc2f * times - load<u64>(a, 0), 0);
  store<u64>(target, 0x03ffffff03ffffff * times - load<u64>(a, 8), 8);
  store<u64>(target, 0x03ffffff03ffffff * times - load<u64>(a, 16), 16);
  store<u64>(target, 0x03ffffff03ffffff * times - load<u64>(a, 24), 24);
  store<u64>(target, 0x003fffff03ffffff * times - load<u64>(a, 32), 32);
}

/** target = a * b. The target may be a factor. */
export function fieldMultiply(target: usize, a: usize, b: usize): void {
  const a0: u64 = load<u32>(a, 0);
  const a1: u64 = load<u32>(a, 4);
  const a2: u64 = load<u32>(a, 8);
  const a3: u64 = load<u32>(a, 12);
  const a4: u64 = load<u32>(a, 16);
  const a5: u64 = load<u32>(a, 20);
  const a6: u64 = load<u32>(a, 24);
  const a7: u64 = load<u32>(a, 28);
  const a8: u64 = load<u32>(a, 32);
  const a9: u64 = load<u32>(a, 36);
  const b0: u64 = load<u32>(b, 0);
  const b1: u64 = load<u32>(b, 4);
  const b2: u64 = load<u32>(b, 8);
  const b3: u64 = load<u32>(b, 12);
  const b4: u64 = load<u32>(b, 16);
  const b5: u64 = load<u32>(b, 20);
  const b6: u64 = load<u32>(b, 24);
  const b7: u64 = load<u32>(b, 28);
  const b8: u64 = load<u32>(b, 32);
  const b9: u64 = load<u32>(b, 36);
  // The columns above 2^260 first, carried into limbs h0 to h9.
  let c: u64 = a1 * b9 + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + a9 * b1;
  const h0 = c & MASK;
  c = (c >> 26) + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2;
  const h1 = c & MASK;
  c = (c >> 26) + a3 * b9 + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + a9 * b3;
  const h2 = c & MASK;
  c = (c >> 26) + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4;
  const h3 = c & MASK;
  c = (c >> 26) + a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5;
  const h4 = c & MASK;
  c = (c >> 26) + a6 * b9 + a7 * b8 + a8 * b7 + a9 * b6;
  const h5 = c & MASK;
  c = (c >> 26) + a7 * b9 + a8 * b8 + a9 * b7;
  const h6 = c & MASK;
  c = (c >> 26) + a8 * b9 + a9 * b8;
  const h7 = c & MASK;
  c = (c >> 26) + a9 * b9;
  const h8 = c & MASK;
  const h9 = c >> 26;
  // 2^260 is 2^36 + 15632 modulo p: each comes back in two columns.
  c = a0 * b0 + h0 * 0x3d10;
  const r0 = c & MASK;
  c = (c >> 26) + a0 * b1 + a1 * b0 + h1 * 0x3d10 + (h0 << 10);
  const r1 = c & MASK;
  c = (c >> 26) + a0 * b2 + a1 * b1 + a2 * b0 + h2 * 0x3d10 + (h1 << 10);
  const r2 = c & MASK;
  c = (c >> 26) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + h3 * 0x3d10 + (h2 << 10);
  store<u32>(target, c & MASK, 12);
  c = (c >> 26) + a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + h4 * 0x3d10 + (h3 << 10);
  store<u32>(target, c & MASK, 16);
  c = (c >> 26) + a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + h5 * 0x3d10 + (h4 << 10);
  store<u32>(target, c & MASK, 20);
  c = (c >> 26) + a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 + h6 * 0x3d10 + (h5 << 10);
  store<u32>(target, c & MASK, 24);
  c = (c >> 26) + a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 + h7 * 0x3d10 + (h6 << 10);
  store<u32>(target, c & MASK, 28);
  c = (c >> 26) + a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 + h8 * 0x3d10 + (h7 << 10);
  store<u32>(target, c & MASK, 32);
  c = (c >> 26) + a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0 + h9 * 0x3d10 + (h8 << 10);
  store<u32>(target, c & 0x3fffff, 36);
  // What is above 2^256 comes back once more: 2^256 is 2^32 + 977.
  const above = (c >> 22) + (h9 << 14);
  c = r0 + above * 0x3d1;
  store<u32>(target, c & MASK);
  c = (c >> 26) + r1 + (above << 6);
  store<u32>(target, c & MASK, 4);
  store<u32>(target, (c >> 26) + r2, 8);
}

/** target = a * a. The target may be a. */
export function fieldSquare(target: usize, a: usize): void {
  const a0: u64 = load<u32>(a, 0);
  const a1: u64 = load<u32>(a, 4);
  const a2: u64 = load<u32>(a, 8);
  const a3: u64 = load<u32>(a, 12);
  const a4: u64 = load<u32>(a, 16);
  const a5: u64 = load<u32>(a, 20);
  const a6: u64 = load<u32>(a, 24);
  const a7: u64 = load<u32>(a, 28);
  const a8: u64 = load<u32>(a, 32);
  const a9: u64 = load<u32>(a, 36);
  const d0 = a0 << 1;
  const d1 = a1 << 1;
  const d2 = a2 << 1;
  const d3 = a3 << 1;
  const d4 = a4 << 1;
  const d5 = a5 << 1;
  const d6 = a6 << 1;
  const d7 = a7 << 1;
  const d8 = a8 << 1;
  // The columns above 2^260 first, carried into limbs h0 to h9.
  let c: u64 = d1 * a9 + d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5;
  const h0 = c & MASK;
  c = (c >> 26) + d2 * a9 + d3 * a8 + d4 * a7 + d5 * a6;
  const h1 = c & MASK;
  c = (c >> 26) + d3 * a9 + d4 * a8 + d5 * a7 + a6 * a6;
  const h2 = c & MASK;
  c = (c >> 26) + d4 * a9 + d5 * a8 + d6 * a7;
  const h3 = c & MASK;
  c = (c >> 26) + d5 * a9 + d6 * a8 + a7 * a7;
  const h4 = c & MASK;
  c = (c >> 26) + d6 * a9 + d7 * a8;
  const h5 = c & MASK;
  c = (c >> 26) + d7 * a9 + a8 * a8;
  const h6 = c & MASK;
  c = (c >> 26) + d8 * a9;
  const h7 = c & MASK;
  c = (c >> 26) + a9 * a9;
  const h8 = c & MASK;
  const h9 = c >> 26;
  // 2^260 is 2^36 + 15632 modulo p: each comes back in two columns.
  c = a0 * a0 + h0 * 0x3d10;
  const r0 = c & MASK;
  c = (c >> 26) + d0 * a1 + h1 * 0x3d10 + (h0 << 10);
  const r1 = c & MASK;
  c = (c >> 26) + d0 * a2 + a1 * a1 + h2 * 0x3d10 + (h1 << 10);
  const r2 = c & MASK;
  c = (c >> 26) + d0 * a3 + d1 * a2 + h3 * 0x3d10 + (h2 << 10);
  store<u32>(target, c & MASK, 12);
  c = (c >> 26) + d0 * a4 + d1 * a3 + a2 * a2 + h4 * 0x3d10 + (h3 << 10);
  store<u32>(target, c & MASK, 16);
  c = (c >> 26) + d0 * a5 + d1 * a4 + d2 * a3 + h5 * 0x3d10 + (h4 << 10);
  store<u32>(target, c & MASK, 20);
  c = (c >> 26) + d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3 + h6 * 0x3d10 + (h5 << 10);
  store<u32>(target, c & MASK, 24);
  c = (c >> 26) + d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4 + h7 * 0x3d10 + (h6 << 10);
  store<u32>(target, c & MASK, 28);
  c = (c >> 26) + d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4 + h8 * 0x3d10 + (h7 << 10);
  store<u32>(target, c & MASK, 32);
  c = (c >> 26) + d0 * a9 + d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5 + h9 * 0x3d10 + (h8 << 10);
  store<u32>(target, c & 0x3fffff, 36);
  // What is above 2^256 comes back once more: 2^256 is 2^32 + 977.
  const above = (c >> 22) + (h9 << 14);
  c = r0 + above * 0x3d1;
  store<u32>(target, c & MASK);
  c = (c >> 26) + r1 + (above << 6);
  store<u32>(target, c & MASK, 4);
  store<u32>(target, (c >> 26) + r2, 8);
}

/** target = a^(2^times) * b. */
function squareTimes(target: usize, a: usize, times: i32, b: usize): void {
  fieldSquare(target, a);
  for (let i = 1; i < times; i++) fieldSquare(target, target);
  fieldMultiply(target, target, b);
}

@lazy const CHAIN: usize = memory.data(400, 8);

/**
 * target = a^((p + 1) / 4): a square root of a, if a has one. The target is not a. The exponent in bits is 223 ones, a zero,
 * 22 ones, four zeros, two ones, two zeros; `xN` is a to the power of N ones.
 */
export function fieldSquareRoot(target: usize, a: usize): void {
  const x2 = CHAIN;
  const x3 = CHAIN + 40;
  const x6 = CHAIN + 80;
  const x11 = CHAIN + 120;
  const x22 = CHAIN + 160;
  const x44 = CHAIN + 200;
  const x88 = CHAIN + 240;
  squareTimes(x2, a, 1, a);
  squareTimes(x3, x2, 1, a);
  squareTimes(x6, x3, 3, x3);
  squareTimes(x11, x6, 3, x3); // x9
  squareTimes(x11, x11, 2, x2);
  squareTimes(x22, x11, 11, x11);
  squareTimes(x44, x22, 22, x22);
  squareTimes(x88, x44, 44, x44);
  squareTimes(target, x88, 88, x88); // x176
  squareTimes(target, target, 44, x44); // x220
  squareTimes(target, target, 3, x3); // x223
  squareTimes(target, target, 23, x22);
  squareTimes(target, target, 6, x2);
  fieldSquare(target, target);
  fieldSquare(target, target);
}
