import { u256 } from '../math/u256';
import {
  FIELD_SIZE,
  fieldAdd,
  fieldEquals,
  fieldFromWords,
  fieldIsZero,
  fieldMultiply,
  fieldNegate,
  fieldNormalize,
  fieldScale,
  fieldSquare,
  fieldSquareRoot,
  fieldToWords,
} from './field';
import { inverse } from './modular';

/**
 * The curve secp256k1, y^2 = x^3 + 7, in Jacobian coordinates: a point is three field elements (X, Y, Z) and stands for
 * (X / Z^2, Y / Z^3). Formulas and magnitudes are those of libsecp256k1. What is computed here is public, so nothing needs to
 * take constant time.
 */
const POINT_SIZE: usize = 3 * FIELD_SIZE;

/** The multiples of the generator by 1, 3, 5 to 31: x and y, each as four words, lowest first. */
@lazy const GENERATOR_TABLE: usize = memory.data<u64>([
  0x59f2815b16f81798, 0x029bfcdb2dce28d9, 0x55a06295ce870b07, 0x79be667ef9dcbbac,
  0x9c47d08ffb10d4b8, 0xfd17b448a6855419, 0x5da4fbfc0e1108a8, 0x483ada7726a3c465,
  0x8601f113bce036f9, 0xb531c845836f99b0, 0x49344f85f89d5229, 0xf9308a019258c310,
  0x6cb9fd7584b8e672, 0x6500a99934c2231b, 0x0fe337e62a37f356, 0x388f7b0f632de814,
  0xcba8d569b240efe4, 0xe88b84bddc619ab7, 0x55b4a7250a5c5128, 0x2f8bde4d1a072093,
  0xdca87d3aa6ac62d6, 0xf788271bab0d6840, 0xd4dba9dda6c9c426, 0xd8ac222636e5e3d6,
  0xe92bddedcac4f9bc, 0x3d419b7e0330e39c, 0xa398f365f2ea7a0e, 0x5cbdf0646e5db4ea,
  0xa5082628087264da, 0xa813d0b813fde7b5, 0xa3178d6d861a54db, 0x6aebca40ba255960,
  0xc35f110dfc27ccbe, 0xe09796974c57e714, 0x09ad178a9f559abd, 0xacd484e2f0c7f653,
  0x05cc262ac64f9c37, 0xadd888a4375f8e0f, 0x64380971763b61e9, 0xcc338921b0a7d9fd,
  0xbbec17895da008cb, 0x5649980be5c17891, 0x5ef4246b70c65aac, 0x774ae7f858a9411e,
  0x301d74c9c953c61b, 0x372db1e2dff9d6a8, 0x0243dd56d7b7b365, 0xd984a032eb6b5e19,
  0xdeeddf8f19405aa8, 0xb075fbc6610e58cd, 0xc7d1d205c3748651, 0xf28773c2d975288b,
  0x29b5cb52db03ed81, 0x3a1a06da521fa91f, 0x758212eb65cdaf47, 0x0ab0902e8d880a89,
  0x44adbcf8e27e080e, 0x31e5946f3c85f79e, 0x5a465ae3095ff411, 0xd7924d4f7d43ea96,
  0xc504dc9ff6a26b58, 0xea40af2bd896d3a5, 0x83842ec228cc6def, 0x581e2872a86c72a6,
  0x66e4faa04a2d4a34, 0xeb9898ae79b97687, 0xa420fee807eacf21, 0xdefdea4cdb677750,
  0xcfb199f69e56eb77, 0xced1f4a04a95c0f6, 0xe997b0ead2a93dae, 0x4211ab0694635168,
  0x7475656138385b6c, 0xf06acfebd7e86d27, 0x93ef5cff444f4979, 0x2b4ea0a797a443d2,
  0xb570c854e5c09b7a, 0x1a01f60c50269763, 0xb343083b5a1c8613, 0x85e89bc037945d93,
  0x81340aef25be59d5, 0x1d9ad40271f81071, 0x4f93fa332ce33330, 0x352bbf4a4cdd1256,
  0x67bd3d8bcf81998c, 0x4a1b3b2e71b1039c, 0xd59c18259dda3e1f, 0x321eb4075348f534,
  0xdc9cdadd4ecacc3f, 0xe42ab8dfeff5ff29, 0x0230010559879124, 0x2fa2104d6b38d11b,
  0x423ba76b532b7d67, 0x181d70ecfc882648, 0xb64569335bd5dd80, 0x02de1068295dd865,
  0x69ca0cd7f5453714, 0x263c3d84e09572e2, 0xab21a9b066edda83, 0x9248279b09b4d68d,
  0xe54a32ce97cb3402, 0x3fc0de2a887912ff, 0x5d1aa71bdea2b1ff, 0x73016f7bf234aade,
  0x7e996d443dee8729, 0x2f570e144bf615c0, 0x8e70132fb0beb752, 0xdaed4f2be3a8bf27,
  0xab40e52290be1c55, 0x3f83c230f3afa726, 0xd4a1aca87ef8d700, 0xa69dce4a7d6c98e8,
  0xe6a3b5e87d22e7db, 0x11ecd9e9fdf281b0, 0x8acf28d7cbb19f90, 0xc44d12c7065d812e,
  0xa039063f0e0e6482, 0x0e106e861edf61c5, 0x76c45926c982fdac, 0x2119a460ce326cdc,
  0xb61c65cbd269e6b4, 0x152b695336c28063, 0xc89a20cfded60853, 0x6a245bf6dc698504,
  0xfd5e6348100d8a82, 0x8b33ba48d0423b6e, 0x8b3f5126f16a24ad, 0xe022cf42c2bd4a70,
]);

// Room for the formulas.
@lazy const A: usize = memory.data(40, 8);
@lazy const B: usize = memory.data(40, 8);
@lazy const C: usize = memory.data(40, 8);
@lazy const D: usize = memory.data(40, 8);
@lazy const E: usize = memory.data(40, 8);
@lazy const F: usize = memory.data(40, 8);
@lazy const H: usize = memory.data(40, 8);

@lazy const ONE: usize = memory.data<u32>([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
@lazy const SEVEN: usize = memory.data<u32>([7, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** target = 2 * point; the target may be the point. */
function double(target: usize, point: usize): void {
  const x = point;
  const y = point + FIELD_SIZE;
  fieldMultiply(target + 2 * FIELD_SIZE, point + 2 * FIELD_SIZE, y);
  fieldScale(target + 2 * FIELD_SIZE, 2); // Z' = 2YZ
  fieldSquare(A, x);
  fieldScale(A, 3); // A = 3X^2
  fieldSquare(B, A); // B = 9X^4
  fieldSquare(C, y);
  fieldScale(C, 2); // C = 2Y^2
  fieldSquare(D, C);
  fieldScale(D, 2); // D = 8Y^4
  fieldMultiply(C, C, x); // C = 2XY^2
  memory.copy(E, C, FIELD_SIZE);
  fieldScale(E, 4);
  fieldNegate(target, E, 4);
  fieldAdd(target, B); // X' = 9X^4 - 8XY^2
  fieldNegate(B, B, 1);
  fieldScale(C, 6);
  fieldAdd(C, B); // C = 12XY^2 - 9X^4
  fieldMultiply(target + FIELD_SIZE, A, C);
  fieldNegate(D, D, 2);
  fieldAdd(target + FIELD_SIZE, D); // Y' = 36X^3Y^2 - 27X^6 - 8Y^4
}

/**
 * point += other. A point whose Z is 0 is the one at infinity.
 *
 * @param isAffine the Z of the other point is 1 and is not there
 */
function add(point: usize, other: usize, isAffine: bool): void {
  const z = point + 2 * FIELD_SIZE;
  if (fieldIsZero(z)) {
    memory.copy(point, other, 2 * FIELD_SIZE);
    memory.copy(z, isAffine ? ONE : other + 2 * FIELD_SIZE, FIELD_SIZE);
    return;
  }
  const y = point + FIELD_SIZE;
  // The second point over the Z of the first, and the other way round.
  fieldSquare(A, z);
  fieldMultiply(B, other, A); // B = x2 z1^2
  fieldMultiply(C, other + FIELD_SIZE, A);
  fieldMultiply(C, C, z); // C = y2 z1^3
  if (!isAffine) {
    const otherZ = other + 2 * FIELD_SIZE;
    if (fieldIsZero(otherZ)) return;
    fieldSquare(A, otherZ);
    fieldMultiply(point, point, A); // x1 z2^2
    fieldMultiply(y, y, A);
    fieldMultiply(y, y, otherZ); // y1 z2^3
    fieldMultiply(z, z, otherZ);
  } else {
    fieldNormalize(point);
    fieldNormalize(y);
  }
  fieldNegate(H, point, 1);
  fieldAdd(H, B); // H = x2 - x1
  fieldNegate(D, y, 1);
  fieldAdd(D, C); // D = y2 - y1
  if (fieldIsZero(H)) {
    if (fieldIsZero(D)) double(point, point);
    else memory.fill(point, 0, POINT_SIZE);
    return;
  }
  fieldMultiply(z, z, H);
  fieldSquare(E, H); // H^2
  fieldMultiply(F, E, H); // H^3
  fieldMultiply(E, E, point); // x1 H^2
  fieldSquare(A, D);
  memory.copy(B, E, FIELD_SIZE);
  fieldScale(B, 2);
  fieldAdd(B, F);
  fieldNegate(point, B, 3);
  fieldAdd(point, A); // X' = D^2 - H^3 - 2 x1 H^2
  fieldMultiply(F, F, y); // y1 H^3
  fieldNormalize(point);
  fieldNegate(A, point, 1);
  fieldAdd(A, E);
  fieldMultiply(y, A, D);
  fieldNegate(F, F, 1);
  fieldAdd(y, F); // Y' = D (x1 H^2 - X') - y1 H^3
}

/**
 * The digits of a scalar to the base 2: most are 0, the others odd and within half the width, so that few points are added
 * (the width-w non-adjacent form).
 */
function digitsOf(scalar: u256, width: i32, digits: usize): void {
  const words = memory.data(40, 8);
  scalar.toLittleEndian(words);
  store<u64>(words, 0, 32);
  let carry = 0;
  let bit = 0;
  memory.fill(digits, 0, 257);
  while (bit < 257) {
    if (bitsAt(words, bit, 1) == carry) {
      bit++;
      continue;
    }
    let digit = bitsAt(words, bit, width) + carry;
    carry = digit >> (width - 1);
    digit -= carry << width;
    store<i8>(digits + bit, <i8>digit);
    bit += width;
  }
}

function bitsAt(words: usize, start: i32, count: i32): i32 {
  if (start >= 264) return 0;
  return (<i32>(load<u32>(words + (start >> 3)) >> (start & 7))) & ((1 << count) - 1);
}

const GENERATOR_WIDTH: i32 = 6;
const POINT_WIDTH: i32 = 5;
@lazy const GENERATOR_DIGITS: usize = memory.data(264, 8);
@lazy const POINT_DIGITS: usize = memory.data(264, 8);
@lazy const POINT_TABLE: usize = memory.data(960, 8);
@lazy const TERM: usize = memory.data(120, 8);

/** target = g * generator + p * point, by Straus: one row of doublings serves both. */
function multiplyTwo(target: usize, g: u256, p: u256, point: usize): void {
  digitsOf(g, GENERATOR_WIDTH, GENERATOR_DIGITS);
  digitsOf(p, POINT_WIDTH, POINT_DIGITS);
  // The multiples of the point by 1, 3, 5 to 15.
  memory.copy(POINT_TABLE, point, POINT_SIZE);
  double(TERM, point);
  for (let i: usize = 1; i < 8; i++) {
    const entry = POINT_TABLE + i * POINT_SIZE;
    memory.copy(entry, entry - POINT_SIZE, POINT_SIZE);
    add(entry, TERM, false);
    fieldNormalize(entry);
    fieldNormalize(entry + FIELD_SIZE);
  }
  memory.fill(target, 0, POINT_SIZE);
  let isInfinite = true;
  for (let i = 256; i >= 0; i--) {
    if (!isInfinite) double(target, target);
    const pointDigit = load<i8>(POINT_DIGITS + i);
    if (pointDigit) {
      memory.copy(TERM, POINT_TABLE + <usize>(abs<i32>(pointDigit) >> 1) * POINT_SIZE, POINT_SIZE);
      if (pointDigit < 0) fieldNegate(TERM + FIELD_SIZE, TERM + FIELD_SIZE, 1);
      add(target, TERM, false);
      isInfinite = false;
    }
    const generatorDigit = load<i8>(GENERATOR_DIGITS + i);
    if (generatorDigit) {
      const entry = GENERATOR_TABLE + (<usize>(abs<i32>(generatorDigit) >> 1) << 6);
      fieldFromWords(TERM, entry);
      fieldFromWords(TERM + FIELD_SIZE, entry + 32);
      if (generatorDigit < 0) fieldNegate(TERM + FIELD_SIZE, TERM + FIELD_SIZE, 1);
      add(target, TERM, true);
      isInfinite = false;
    }
  }
}

/** The order of the curve. */
function order(): u256 {
  return new u256(0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, 0xffffffffffffffff);
}

function prime(): u256 {
  return new u256(0xfffffffefffffc2f, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff);
}

@lazy const POINT: usize = memory.data(120, 8);
@lazy const RESULT: usize = memory.data(120, 8);
@lazy const WORDS: usize = memory.data(32, 8);

/**
 * The public key that made a signature of a hash: SEC 1, 4.1.6.
 *
 * @param publicKey takes X and Y, 32 bytes each, the highest first
 * @param isOdd whether the y of the nonce point is odd
 * @returns false when there is no such key
 */
export function recoverPublicKey(publicKey: usize, hash: u256, r: u256, s: u256, isOdd: bool): bool {
  const n = order();
  if (r.isZero || s.isZero || r >= n || s >= n) return false;
  // The nonce point has r as its x.
  r.toLittleEndian(WORDS);
  fieldFromWords(POINT, WORDS);
  fieldSquare(A, POINT);
  fieldMultiply(A, A, POINT);
  fieldAdd(A, SEVEN);
  const y = POINT + FIELD_SIZE;
  fieldSquareRoot(y, A);
  fieldSquare(B, y);
  if (!fieldEquals(A, B)) return false;
  fieldNormalize(y);
  if (<bool>(load<u32>(y) & 1) != isOdd) {
    fieldNegate(y, y, 1);
    fieldNormalize(y);
  }
  memory.copy(POINT + 2 * FIELD_SIZE, ONE, FIELD_SIZE);
  // key = (s * point - hash * generator) / r
  const inverseR = inverse(r, n);
  const z = hash >= n ? hash - n : hash;
  const negativeZ = z.isZero ? z : n - z;
  multiplyTwo(RESULT, u256.mulmod(negativeZ, inverseR, n), u256.mulmod(s, inverseR, n), POINT);
  return toAffine(publicKey, RESULT);
}

/** Writes x and y of a point; false for the point at infinity. */
function toAffine(target: usize, point: usize): bool {
  const z = point + 2 * FIELD_SIZE;
  if (fieldIsZero(z)) return false;
  fieldToWords(WORDS, z);
  inverse(u256.fromLittleEndian(WORDS), prime()).toLittleEndian(WORDS);
  fieldFromWords(A, WORDS);
  fieldSquare(B, A);
  writeProduct(target, point, B);
  fieldMultiply(B, B, A);
  writeProduct(target + 32, point + FIELD_SIZE, B);
  return true;
}

function writeProduct(target: usize, a: usize, b: usize): void {
  fieldMultiply(C, a, b);
  fieldNormalize(C);
  fieldToWords(WORDS, C);
  u256.fromLittleEndian(WORDS).toBigEndian(target);
}
