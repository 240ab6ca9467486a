import { JsonReader } from '../state/json-reader';
import { JsonWriter } from '../state/json-writer';
import { divide, divideBySmall, multiply, significantLimbs } from './limbs';
import { revert } from '../revert';

// Room for one operation: a call has one thread, and no operation starts another.
@lazy const FIRST: usize = memory.data(68, 8);
@lazy const SECOND: usize = memory.data(68, 8);
@lazy const THIRD: usize = memory.data(68, 8);

function overflow(): void {
  revert('number out of range');
}

/**
 * A whole number from 0 to 2^256 - 1. It never changes: every operation gives a new one. A result that does not fit reverts,
 * and so does a division by zero.
 */
@final
export class u256 {
  constructor(
    /** Bits 0 to 63. */
    readonly limb0: u64 = 0,
    /** Bits 64 to 127. */
    readonly limb1: u64 = 0,
    /** Bits 128 to 191. */
    readonly limb2: u64 = 0,
    /** Bits 192 to 255. */
    readonly limb3: u64 = 0,
  ) {}

  static get Zero(): u256 {
    return new u256();
  }

  static get One(): u256 {
    return new u256(1);
  }

  static get Max(): u256 {
    return new u256(u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE);
  }

  /** From any built-in integer that is not negative. */
  static from<T>(value: T): u256 {
    if (!isInteger<T>()) ERROR('u256.from takes an integer');
    if (isSigned<T>()) {
      if (value < 0) overflow();
    }
    return new u256(<u64>value);
  }

  /** From decimal digits, or hex digits after `0x`. */
  static parse(text: string): u256 {
    const hex = text.startsWith('0x');
    const base = new u256(hex ? 16 : 10);
    let value = new u256();
    if (text.length == (hex ? 2 : 0)) revert('not a number');
    for (let i = hex ? 2 : 0; i < text.length; i++) {
      const character = text.charCodeAt(i);
      let digit = <u32>character - 0x30;
      if (hex && digit > 9) {
        const letter = ((<u32>character) | 0x20) - 0x61;
        digit = letter < 6 ? letter + 10 : 16;
      }
      if (digit >= <u32>base.limb0) revert('not a number');
      value = value * base + new u256(digit);
    }
    return value;
  }

  /** From 32 bytes, the highest first. */
  static fromBigEndian(bytes: usize): u256 {
    return new u256(
      bswap(load<u64>(bytes, 24)),
      bswap(load<u64>(bytes, 16)),
      bswap(load<u64>(bytes, 8)),
      bswap(load<u64>(bytes)),
    );
  }

  /** Writes 32 bytes, the highest first. */
  toBigEndian(bytes: usize): void {
    store<u64>(bytes, bswap(this.limb3));
    store<u64>(bytes, bswap(this.limb2), 8);
    store<u64>(bytes, bswap(this.limb1), 16);
    store<u64>(bytes, bswap(this.limb0), 24);
  }

  static fromLittleEndian(bytes: usize): u256 {
    return new u256(load<u64>(bytes), load<u64>(bytes, 8), load<u64>(bytes, 16), load<u64>(bytes, 24));
  }

  toLittleEndian(bytes: usize): void {
    store<u64>(bytes, this.limb0);
    store<u64>(bytes, this.limb1, 8);
    store<u64>(bytes, this.limb2, 16);
    store<u64>(bytes, this.limb3, 24);
  }

  get isZero(): bool {
    return (this.limb0 | this.limb1 | this.limb2 | this.limb3) == 0;
  }

  /** How many bits the number has: 0 for zero. */
  get bits(): i32 {
    if (this.limb3) return 256 - <i32>clz(this.limb3);
    if (this.limb2) return 192 - <i32>clz(this.limb2);
    if (this.limb1) return 128 - <i32>clz(this.limb1);
    return 64 - <i32>clz(this.limb0);
  }

  /** The number as u64; reverts when it is larger. */
  toU64(): u64 {
    if (this.limb1 | this.limb2 | this.limb3) overflow();
    return this.limb0;
  }

  @operator('+')
  add(other: u256): u256 {
    const sum0 = this.limb0 + other.limb0;
    let carry: u64 = u64(sum0 < this.limb0);
    const part1 = this.limb1 + other.limb1;
    const sum1 = part1 + carry;
    carry = u64(part1 < this.limb1) | u64(sum1 < part1);
    const part2 = this.limb2 + other.limb2;
    const sum2 = part2 + carry;
    carry = u64(part2 < this.limb2) | u64(sum2 < part2);
    const part3 = this.limb3 + other.limb3;
    const sum3 = part3 + carry;
    if (part3 < this.limb3 || sum3 < part3) overflow();
    return new u256(sum0, sum1, sum2, sum3);
  }

  @operator('-')
  sub(other: u256): u256 {
    if (u256.lt(this, other)) overflow();
    return this.wrappingSub(other);
  }

  /** The difference modulo 2^256. */
  wrappingSub(other: u256): u256 {
    const difference0 = this.limb0 - other.limb0;
    let borrow: u64 = u64(this.limb0 < other.limb0);
    const part1 = this.limb1 - other.limb1;
    const difference1 = part1 - borrow;
    borrow = u64(this.limb1 < other.limb1) | u64(part1 < borrow);
    const part2 = this.limb2 - other.limb2;
    const difference2 = part2 - borrow;
    borrow = u64(this.limb2 < other.limb2) | u64(part2 < borrow);
    return new u256(difference0, difference1, difference2, this.limb3 - other.limb3 - borrow);
  }

  @operator('*')
  mul(other: u256): u256 {
    this.toLittleEndian(FIRST);
    other.toLittleEndian(SECOND);
    const n = significantLimbs(FIRST, 8);
    const m = significantLimbs(SECOND, 8);
    memory.fill(THIRD, 0, 64);
    multiply(THIRD, FIRST, n, SECOND, m);
    if (load<u64>(THIRD, 32) | load<u64>(THIRD, 40) | load<u64>(THIRD, 48) | load<u64>(THIRD, 56)) overflow();
    return u256.fromLittleEndian(THIRD);
  }

  @operator('/')
  div(other: u256): u256 {
    if (
      (this.limb1 | this.limb2 | this.limb3 | other.limb1 | other.limb2 | other.limb3) == 0 &&
      other.limb0
    ) {
      return new u256(this.limb0 / other.limb0);
    }
    return divided(this, other) ? u256.fromLittleEndian(THIRD) : new u256();
  }

  @operator('%')
  rem(other: u256): u256 {
    if (
      (this.limb1 | this.limb2 | this.limb3 | other.limb1 | other.limb2 | other.limb3) == 0 &&
      other.limb0
    ) {
      return new u256(this.limb0 % other.limb0);
    }
    return divided(this, other) ? u256.fromLittleEndian(FIRST) : this;
  }

  @operator('**')
  pow(exponent: u256): u256 {
    let result = u256.One;
    for (let bit = exponent.bits - 1; bit >= 0; bit--) {
      result = result * result;
      if (exponent.bit(bit)) result = result * this;
    }
    return result;
  }

  /** One bit of the number, counted from the lowest; those it does not have are 0. */
  bit(index: i32): bool {
    if (<u32>index > 255) return false;
    const limb = index < 128 ? (index < 64 ? this.limb0 : this.limb1) : index < 192 ? this.limb2 : this.limb3;
    return <bool>((limb >> (index & 63)) & 1);
  }

  @operator('<<')
  shl(bits: i32): u256 {
    if (<u32>bits > 255) return new u256();
    const room = THIRD;
    memory.fill(room, 0, 32);
    this.toLittleEndian(room + 32);
    // The bytes move in memory, the last seven bits in the limbs.
    const start = room + 32 - (bits >> 3);
    const shift = <u64>(bits & 7);
    const limb0 = load<u64>(start);
    const limb1 = load<u64>(start, 8);
    const limb2 = load<u64>(start, 16);
    const limb3 = load<u64>(start, 24);
    if (shift == 0) return new u256(limb0, limb1, limb2, limb3);
    const back = 64 - shift;
    return new u256(
      limb0 << shift,
      (limb1 << shift) | (limb0 >> back),
      (limb2 << shift) | (limb1 >> back),
      (limb3 << shift) | (limb2 >> back),
    );
  }

  @operator('>>')
  shr(bits: i32): u256 {
    if (<u32>bits > 255) return new u256();
    const room = THIRD;
    this.toLittleEndian(room);
    memory.fill(room + 32, 0, 32);
    const start = room + (bits >> 3);
    const shift = <u64>(bits & 7);
    const limb0 = load<u64>(start);
    const limb1 = load<u64>(start, 8);
    const limb2 = load<u64>(start, 16);
    const limb3 = load<u64>(start, 24);
    if (shift == 0) return new u256(limb0, limb1, limb2, limb3);
    const back = 64 - shift;
    return new u256(
      (limb0 >> shift) | (limb1 << back),
      (limb1 >> shift) | (limb2 << back),
      (limb2 >> shift) | (limb3 << back),
      limb3 >> shift,
    );
  }

  @operator('&')
  and(other: u256): u256 {
    return new u256(
      this.limb0 & other.limb0,
      this.limb1 & other.limb1,
      this.limb2 & other.limb2,
      this.limb3 & other.limb3,
    );
  }

  @operator('|')
  or(other: u256): u256 {
    return new u256(
      this.limb0 | other.limb0,
      this.limb1 | other.limb1,
      this.limb2 | other.limb2,
      this.limb3 | other.limb3,
    );
  }

  @operator('^')
  xor(other: u256): u256 {
    return new u256(
      this.limb0 ^ other.limb0,
      this.limb1 ^ other.limb1,
      this.limb2 ^ other.limb2,
      this.limb3 ^ other.limb3,
    );
  }

  @operator.prefix('~')
  not(): u256 {
    return new u256(~this.limb0, ~this.limb1, ~this.limb2, ~this.limb3);
  }

  @operator.prefix('!')
  static isNothing(value: u256): bool {
    return value.isZero;
  }

  @operator('==')
  static eq(a: u256, b: u256): bool {
    return ((a.limb0 ^ b.limb0) | (a.limb1 ^ b.limb1) | (a.limb2 ^ b.limb2) | (a.limb3 ^ b.limb3)) == 0;
  }

  @operator('!=')
  static ne(a: u256, b: u256): bool {
    return !u256.eq(a, b);
  }

  @operator('<')
  static lt(a: u256, b: u256): bool {
    if (a.limb3 != b.limb3) return a.limb3 < b.limb3;
    if (a.limb2 != b.limb2) return a.limb2 < b.limb2;
    if (a.limb1 != b.limb1) return a.limb1 < b.limb1;
    return a.limb0 < b.limb0;
  }

  @operator('>')
  static gt(a: u256, b: u256): bool {
    return u256.lt(b, a);
  }

  @operator('<=')
  static le(a: u256, b: u256): bool {
    return !u256.lt(b, a);
  }

  @operator('>=')
  static ge(a: u256, b: u256): bool {
    return !u256.lt(a, b);
  }

  /** a * b mod m, exact however large the product is. */
  static mulmod(a: u256, b: u256, modulus: u256): u256 {
    if (modulus.isZero) revert('division by zero');
    a.toLittleEndian(FIRST);
    b.toLittleEndian(SECOND);
    multiply(THIRD, FIRST, 8, SECOND, 8);
    modulus.toLittleEndian(SECOND);
    const n = significantLimbs(THIRD, 16);
    const m = significantLimbs(SECOND, 8);
    if (n >= m) divide(FIRST, THIRD, n, SECOND, m);
    return u256.fromLittleEndian(THIRD);
  }

  /** Decimal digits. */
  toString(): string {
    if (this.isZero) return '0';
    this.toLittleEndian(FIRST);
    let text = '';
    for (let limbs = significantLimbs(FIRST, 8); limbs > 0; limbs = significantLimbs(FIRST, limbs)) {
      const digits = divideBySmall(FIRST, limbs, 1_000_000_000).toString();
      text = (significantLimbs(FIRST, limbs) > 0 ? digits.padStart(9, '0') : digits) + text;
    }
    return text;
  }

  /** What a `Map` or `Set` finds the number by. */
  get __hash(): u32 {
    const factor: u64 = 0x9e3779b97f4a7c15; // 2^64 by the golden ratio, which scatters
    const mixed = ((this.limb0 * factor) ^ this.limb1) * factor;
    return <u32>((((((mixed ^ this.limb2) * factor) ^ this.limb3) * factor) >> 32));
  }

  /** State text: hex digits after `0x`, as few as it takes. */
  writeJson(writer: JsonWriter): void {
    this.toBigEndian(FIRST);
    writer.quantity(FIRST, max((this.bits + 3) >> 2, 1));
  }

  /** The number behind the state text that comes next. */
  readJson(reader: JsonReader): u256 {
    reader.quantity(FIRST);
    return u256.fromBigEndian(FIRST);
  }
}

/** Leaves the quotient in THIRD and the remainder in FIRST; false when the divisor is the larger one. */
function divided(a: u256, b: u256): bool {
  if (b.isZero) revert('division by zero');
  a.toLittleEndian(FIRST);
  b.toLittleEndian(SECOND);
  const n = significantLimbs(FIRST, 8);
  const m = significantLimbs(SECOND, 8);
  if (n < m) return false;
  memory.fill(THIRD, 0, 36);
  divide(THIRD, FIRST, n, SECOND, m);
  return true;
}
