/**
 * Arithmetic on numbers in memory: little-endian 32-bit limbs, because WebAssembly multiplies two of those exactly into 64 bits.
 * Limbs that are zero are skipped, so that small numbers cost little gas.
 */

/** How many limbs there are up to the highest that is not zero. */
export function significantLimbs(a: usize, limbs: i32): i32 {
  while (limbs > 0 && load<u32>(a + ((limbs - 1) << 2)) == 0) limbs--;
  return limbs;
}

/** product = a * b, all `n + m` limbs of it. The product must not overlap its factors. */
export function multiply(product: usize, a: usize, n: i32, b: usize, m: i32): void {
  memory.fill(product, 0, (n + m) << 2);
  for (let i = 0; i < n; i++) {
    const factor: u64 = load<u32>(a + (i << 2));
    if (factor == 0) continue;
    let carry: u64 = 0;
    let target = product + (i << 2);
    for (let j = 0; j < m; j++, target += 4) {
      carry += factor * <u64>load<u32>(b + (j << 2)) + <u64>load<u32>(target);
      store<u32>(target, carry);
      carry >>= 32;
    }
    store<u32>(target, carry);
  }
}

/** Divides in place by one limb and gives the remainder. */
export function divideBySmall(a: usize, limbs: i32, divisor: u32): u32 {
  let remainder: u64 = 0;
  for (let i = limbs - 1; i >= 0; i--) {
    const place = a + (i << 2);
    remainder = (remainder << 32) | (<u64>load<u32>(place));
    store<u32>(place, remainder / divisor);
    remainder %= divisor;
  }
  return <u32>remainder;
}

/**
 * Long division (Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D).
 *
 * @param a `n + 1` limbs, the last of them free; ends as the remainder
 * @param n limbs of the dividend, at least `m`
 * @param b `m` limbs of the divisor, the highest not zero; ends normalised and is of no further use
 * @param m limbs of the divisor
 * @param quotient `n - m + 1` limbs
 */
export function divide(quotient: usize, a: usize, n: i32, b: usize, m: i32): void {
  store<u32>(a + (n << 2), 0);
  if (m == 1) {
    const remainder = divideBySmall(a, n, load<u32>(b));
    memory.copy(quotient, a, n << 2);
    memory.fill(a, 0, n << 2);
    store<u32>(a, remainder);
    return;
  }
  const shift = clz<u32>(load<u32>(b + ((m - 1) << 2)));
  shiftLeft(b, m, shift);
  shiftLeft(a, n + 1, shift);
  const top: u64 = load<u32>(b + ((m - 1) << 2));
  const second: u64 = load<u32>(b + ((m - 2) << 2));
  for (let j = n - m; j >= 0; j--) {
    const place = a + ((j + m) << 2);
    const high = ((<u64>load<u32>(place)) << 32) | (<u64>load<u32>(place - 4));
    let digit = high / top;
    let rest = high % top;
    while (digit >> 32 || digit * second > ((rest << 32) | (<u64>load<u32>(place - 8)))) {
      digit--;
      rest += top;
      if (rest >> 32) break;
    }
    if (digit != 0 && subtractProduct(a + (j << 2), b, m, digit)) {
      digit--;
      addBack(a + (j << 2), b, m);
    }
    store<u32>(quotient + (j << 2), digit);
  }
  shiftRight(a, n + 1, shift);
}

/** a -= b * digit over `m + 1` limbs; true when that went below zero. */
function subtractProduct(a: usize, b: usize, m: i32, digit: u64): bool {
  let carry: u64 = 0;
  let borrow: i64 = 0;
  for (let i = 0; i < m; i++) {
    const place = a + (i << 2);
    carry += digit * <u64>load<u32>(b + (i << 2));
    borrow += <i64>load<u32>(place) - <i64>(carry & 0xffffffff);
    store<u32>(place, borrow);
    borrow >>= 32;
    carry >>= 32;
  }
  const place = a + (m << 2);
  borrow += <i64>load<u32>(place) - <i64>carry;
  store<u32>(place, borrow);
  return borrow < 0;
}

function addBack(a: usize, b: usize, m: i32): void {
  let carry: u64 = 0;
  for (let i = 0; i < m; i++) {
    const place = a + (i << 2);
    carry += <u64>load<u32>(place) + <u64>load<u32>(b + (i << 2));
    store<u32>(place, carry);
    carry >>= 32;
  }
  const place = a + (m << 2);
  store<u32>(place, load<u32>(place) + <u32>carry);
}

function shiftLeft(a: usize, limbs: i32, bits: u32): void {
  if (bits == 0) return;
  let carry: u64 = 0;
  for (let i = 0; i < limbs; i++) {
    const place = a + (i << 2);
    carry |= (<u64>load<u32>(place)) << bits;
    store<u32>(place, carry);
    carry >>= 32;
  }
}

function shiftRight(a: usize, limbs: i32, bits: u32): void {
  if (bits == 0) return;
  for (let i = 0; i < limbs; i++) {
    const place = a + (i << 2);
    const above: u64 = i + 1 < limbs ? load<u32>(place, 4) : 0;
    store<u32>(place, ((above << 32) | (<u64>load<u32>(place))) >> bits);
  }
}
