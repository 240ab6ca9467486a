import { JsonText, type JsonValue } from '../json/value.js';
import { INTEGER_BOUND } from '../json/writer.js';
import type { Codec, ReadContext } from './codec.js';

const MOST_U32 = 0xffff_ffff;
const MOST_U64 = 0xffff_ffff_ffff_ffffn;

/** An integer in a range that fits a double exactly, written as a JSON integer. */
export function integer(least: number, most: number): Codec<number> {
  return {
    names: [],
    read: (value, context) => readInteger(value, context, least, most),
    bound: () => INTEGER_BOUND,
    write: (value, out) => out.integer(value),
  };
}

/** An index of a delta: 0…2^32-1. */
export const u32 = integer(0, MOST_U32);

/** Where a range of indices ends: the first one after it, which for the last index is 2^32. */
export const rangeEnd = integer(0, MOST_U32 + 1);

/** As {@link integer}; some peers of the deployed network send it as a decimal string. */
export function lenientInteger(least: number, most: number): Codec<number> {
  return {
    ...integer(least, most),
    read(value, context) {
      const decimal = value instanceof JsonText ? decimalOf(value) : undefined;
      const plain = decimal === undefined || decimal > MOST_U32 ? value : Number(decimal);
      return readInteger(plain, context, least, most);
    },
  };
}

/** As {@link lenientInteger}, for indices in replies. */
export const lenientU32 = lenientInteger(0, MOST_U32);

/** An integer 0…2^64-1, exact, written as a JSON integer; read from that or from a decimal string. */
export const u64: Codec<bigint> = {
  names: [],
  read(value, context) {
    const exact = value instanceof JsonText ? decimalOf(value) : value;
    if ((typeof exact !== 'number' && typeof exact !== 'bigint') || exact < 0 || exact > MOST_U64) {
      throw context.invalid(
        'an integer from 0 to 2^64-1, or one as a decimal string',
        value,
        outOfRange(value),
      );
    }
    return BigInt(exact);
  },
  bound: () => INTEGER_BOUND,
  write: (value, out) => out.integer(value),
};

function readInteger(
  value: JsonValue | undefined,
  context: ReadContext,
  least: number,
  most: number,
): number {
  if (typeof value !== 'number' || value < least || value > most) {
    throw context.invalid(`an integer from ${least} to ${most}`, value, outOfRange(value));
  }
  return value === 0 ? 0 : value;
}

function outOfRange(value: JsonValue | undefined): string | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? 'an integer out of range' : undefined;
}

const MOST_DECIMAL_DIGITS = 20;

function decimalOf(text: JsonText): bigint | undefined {
  if (text.length === 0 || text.length > MOST_DECIMAL_DIGITS) return undefined;
  const digits = text.decode();
  return /^[0-9]+$/.test(digits) ? BigInt(digits) : undefined;
}
