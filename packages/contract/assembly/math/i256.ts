import { JsonReader } from '../state/json-reader';
import { JsonWriter } from '../state/json-writer';
import { u256 } from './u256';
import { revert } from '../revert';

function overflow(): void {
  revert('number out of range');
}

/**
 * A whole number from -2^255 to 2^255 - 1. It never changes: every operation gives a new one. A result that does not fit
 * reverts, and so does a division by zero. Division rounds towards zero, and a remainder has the sign of the dividend.
 */
@final
export class i256 {
  /** Two's complement in 256 bits. */
  constructor(readonly word: u256 = new u256()) {}

  static get Zero(): i256 {
    return new i256();
  }

  static get Min(): i256 {
    return new i256(new u256(0, 0, 0, 1 << 63));
  }

  static get Max(): i256 {
    return new i256(new u256(u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE >> 1));
  }

  /** From any built-in integer. */
  static from<T>(value: T): i256 {
    if (!isInteger<T>()) ERROR('i256.from takes an integer');
    if (isSigned<T>()) {
      const fill = <u64>((<i64>value) >> 63);
      return new i256(new u256(<u64>value, fill, fill, fill));
    }
    return new i256(new u256(<u64>value));
  }

  /** From decimal digits, or hex digits after `0x`, with a minus before them when the number is negative. */
  static parse(text: string): i256 {
    const negative = text.startsWith('-');
    return signed(negative, u256.parse(negative ? text.substring(1) : text));
  }

  /** The same number with a sign; reverts when it does not fit. */
  static fromU256(value: u256): i256 {
    if (value.limb3 >> 63) overflow();
    return new i256(value);
  }

  get isNegative(): bool {
    return <i64>this.word.limb3 < 0;
  }

  get isZero(): bool {
    return this.word.isZero;
  }

  /** The distance from zero; that of the lowest number fits too. */
  get magnitude(): u256 {
    return this.isNegative ? new u256().wrappingSub(this.word) : this.word;
  }

  /** The number without its sign; reverts when it is negative. */
  toU256(): u256 {
    if (this.isNegative) overflow();
    return this.word;
  }

  /** The number as i64; reverts when it does not fit. */
  toI64(): i64 {
    const word = this.word;
    const fill = <u64>((<i64>word.limb0) >> 63);
    if (word.limb1 != fill || word.limb2 != fill || word.limb3 != fill) overflow();
    return <i64>word.limb0;
  }

  @operator.prefix('-')
  neg(): i256 {
    return signed(!this.isNegative, this.magnitude);
  }

  @operator('+')
  add(other: i256): i256 {
    const sum = new i256(this.word.wrappingSub(new u256().wrappingSub(other.word)));
    if (this.isNegative == other.isNegative && sum.isNegative != this.isNegative) overflow();
    return sum;
  }

  @operator('-')
  sub(other: i256): i256 {
    const difference = new i256(this.word.wrappingSub(other.word));
    if (this.isNegative != other.isNegative && difference.isNegative != this.isNegative) overflow();
    return difference;
  }

  @operator('*')
  mul(other: i256): i256 {
    return signed(this.isNegative != other.isNegative, this.magnitude * other.magnitude);
  }

  @operator('/')
  div(other: i256): i256 {
    return signed(this.isNegative != other.isNegative, this.magnitude / other.magnitude);
  }

  @operator('%')
  rem(other: i256): i256 {
    return signed(this.isNegative, this.magnitude % other.magnitude);
  }

  @operator('**')
  pow(exponent: u256): i256 {
    return signed(this.isNegative && exponent.bit(0), this.magnitude ** exponent);
  }

  /** Shifted bits of the two's complement: what leaves at the top is lost. */
  @operator('<<')
  shl(bits: i32): i256 {
    return new i256(this.word << bits);
  }

  /** Divided by a power of two and rounded down: the sign comes in at the top. */
  @operator('>>')
  shr(bits: i32): i256 {
    return new i256(this.isNegative ? ~(~this.word >> bits) : this.word >> bits);
  }

  @operator('&')
  and(other: i256): i256 {
    return new i256(this.word & other.word);
  }

  @operator('|')
  or(other: i256): i256 {
    return new i256(this.word | other.word);
  }

  @operator('^')
  xor(other: i256): i256 {
    return new i256(this.word ^ other.word);
  }

  @operator.prefix('~')
  not(): i256 {
    return new i256(~this.word);
  }

  @operator.prefix('!')
  static isNothing(value: i256): bool {
    return value.isZero;
  }

  @operator('==')
  static eq(a: i256, b: i256): bool {
    return u256.eq(a.word, b.word);
  }

  @operator('!=')
  static ne(a: i256, b: i256): bool {
    return !u256.eq(a.word, b.word);
  }

  @operator('<')
  static lt(a: i256, b: i256): bool {
    return a.isNegative == b.isNegative ? u256.lt(a.word, b.word) : a.isNegative;
  }

  @operator('>')
  static gt(a: i256, b: i256): bool {
    return i256.lt(b, a);
  }

  @operator('<=')
  static le(a: i256, b: i256): bool {
    return !i256.lt(b, a);
  }

  @operator('>=')
  static ge(a: i256, b: i256): bool {
    return !i256.lt(a, b);
  }

  /** Decimal digits. */
  toString(): string {
    return (this.isNegative ? '-' : '') + this.magnitude.toString();
  }

  /** What a `Map` or `Set` finds the number by. */
  get __hash(): u32 {
    return this.word.__hash;
  }

  /** State text: that of the two's complement. */
  writeJson(writer: JsonWriter): void {
    this.word.writeJson(writer);
  }

  readJson(reader: JsonReader): i256 {
    return new i256(changetype<u256>(0).readJson(reader));
  }
}

function signed(negative: bool, magnitude: u256): i256 {
  const value = new i256(negative ? new u256().wrappingSub(magnitude) : magnitude);
  if (!magnitude.isZero && value.isNegative != negative) overflow();
  return value;
}
