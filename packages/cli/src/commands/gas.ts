import { InvalidArgumentError } from 'commander';

/** Reads an amount of gas from the command line. */
export function gasLimit(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) {
    throw new InvalidArgumentError('expected an integer from 0 to 2^64-1');
  }
  return BigInt(text);
}
