import { u256 } from '../math/u256';

@lazy const U: usize = memory.data(32, 8);
@lazy const V: usize = memory.data(32, 8);
@lazy const X: usize = memory.data(32, 8);
@lazy const Y: usize = memory.data(32, 8);
@lazy const M: usize = memory.data(32, 8);

/**
 * The inverse of a number modulo an odd prime, by the binary form of Euclid's algorithm (Handbook of Applied Cryptography,
 * 14.61, without negative numbers): a * x = u and a * y = v hold modulo m all the way.
 */
export function inverse(a: u256, modulus: u256): u256 {
  a.toLittleEndian(U);
  modulus.toLittleEndian(V);
  modulus.toLittleEndian(M);
  u256.One.toLittleEndian(X);
  u256.Zero.toLittleEndian(Y);
  while (!isOne(U) && !isOne(V)) {
    while (!(load<u64>(U) & 1)) {
      halve(U, 0);
      halveModular(X);
    }
    while (!(load<u64>(V) & 1)) {
      halve(V, 0);
      halveModular(Y);
    }
    if (isLess(U, V)) {
      subtract(V, U);
      if (subtract(Y, X)) add(Y, M);
    } else {
      subtract(U, V);
      if (subtract(X, Y)) add(X, M);
    }
  }
  return u256.fromLittleEndian(isOne(U) ? X : Y);
}

function isOne(a: usize): bool {
  return load<u64>(a) == 1 && (load<u64>(a, 8) | load<u64>(a, 16) | load<u64>(a, 24)) == 0;
}

function isLess(a: usize, b: usize): bool {
  for (let i: usize = 32; i > 0; i -= 8) {
    const left = load<u64>(a + i - 8);
    const right = load<u64>(b + i - 8);
    if (left != right) return left < right;
  }
  return false;
}

/** a = a / 2, with a bit coming in at the top. */
function halve(a: usize, top: u64): void {
  const limb1 = load<u64>(a, 8);
  const limb2 = load<u64>(a, 16);
  const limb3 = load<u64>(a, 24);
  store<u64>(a, (load<u64>(a) >> 1) | (limb1 << 63));
  store<u64>(a, (limb1 >> 1) | (limb2 << 63), 8);
  store<u64>(a, (limb2 >> 1) | (limb3 << 63), 16);
  store<u64>(a, (limb3 >> 1) | (top << 63), 24);
}

function halveModular(a: usize): void {
  halve(a, load<u64>(a) & 1 ? add(a, M) : 0);
}

/** a += b; gives the carry. */
function add(a: usize, b: usize): u64 {
  let carry: u64 = 0;
  for (let i: usize = 0; i < 32; i += 8) {
    const left = load<u64>(a + i);
    const part = left + load<u64>(b + i);
    const sum = part + carry;
    carry = u64(part < left) | u64(sum < part);
    store<u64>(a + i, sum);
  }
  return carry;
}

/** a -= b; gives the borrow. */
function subtract(a: usize, b: usize): u64 {
  let borrow: u64 = 0;
  for (let i: usize = 0; i < 32; i += 8) {
    const left = load<u64>(a + i);
    const right = load<u64>(b + i);
    const part = left - right;
    store<u64>(a + i, part - borrow);
    borrow = u64(left < right) | u64(part < borrow);
  }
  return borrow;
}
