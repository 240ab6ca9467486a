import fc from 'fast-check';
import { numberToHex } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import { Harness } from './harness.js';
import { compileText } from './sources.js';

const SOURCE = `
import { contract, view, u256, i256, Address, Bytes4 } from '@enigma-worker/contract/assembly';
@contract export class Arithmetic {
  @view add(a: u256, b: u256): u256 { return a + b; }
  @view sub(a: u256, b: u256): u256 { return a - b; }
  @view mul(a: u256, b: u256): u256 { return a * b; }
  @view div(a: u256, b: u256): u256 { return a / b; }
  @view rem(a: u256, b: u256): u256 { return a % b; }
  @view pow(a: u256, b: u256): u256 { return a ** b; }
  @view shl(a: u256, bits: i32): u256 { return a << bits; }
  @view shr(a: u256, bits: i32): u256 { return a >> bits; }
  @view bit(a: u256, index: i32): bool { return a.bit(index); }
  @view bitwise(a: u256, b: u256): u256[] { return [a & b, a | b, a ^ b, ~a]; }
  @view compare(a: u256, b: u256): bool[] { return [a == b, a != b, a < b, a > b, a <= b, a >= b, !a]; }
  @view mulmod(a: u256, b: u256, m: u256): u256 { return u256.mulmod(a, b, m); }
  @view text(a: u256): string { return a.toString(); }
  @view parsed(text: string): u256 { return u256.parse(text); }
  @view small(a: u256): u64 { return a.toU64(); }
  @view from(a: i64): u256 { return u256.from(a); }

  @view addSigned(a: i256, b: i256): i256 { return a + b; }
  @view subSigned(a: i256, b: i256): i256 { return a - b; }
  @view mulSigned(a: i256, b: i256): i256 { return a * b; }
  @view divSigned(a: i256, b: i256): i256 { return a / b; }
  @view remSigned(a: i256, b: i256): i256 { return a % b; }
  @view powSigned(a: i256, b: u256): i256 { return a ** b; }
  @view shlSigned(a: i256, bits: i32): i256 { return a << bits; }
  @view shrSigned(a: i256, bits: i32): i256 { return a >> bits; }
  @view bitwiseSigned(a: i256, b: i256): i256[] { return [a & b, a | b, a ^ b, ~a]; }
  @view parsedSigned(text: string): i256 { return i256.parse(text); }
  @view address(text: string): Address { return Address.fromHex(text); }
  @view negSigned(a: i256): i256 { return -a; }
  @view compareSigned(a: i256, b: i256): bool[] { return [a == b, a != b, a < b, a > b, a <= b, a >= b, !a]; }
  @view textSigned(a: i256): string { return a.toString(); }
  @view smallSigned(a: i256): i64 { return a.toI64(); }
  @view fromSigned(a: i64): i256 { return i256.from(a); }

  @view counted(keys: u256[]): u32[] { return lastOf<u256>(keys); }
  @view countedSigned(keys: i256[]): u32[] { return lastOf<i256>(keys); }
  @view countedBytes(keys: Bytes4[]): u32[] { return lastOf<Bytes4>(keys); }
  @view countedText(keys: string[]): u32[] { return lastOf<string>(keys); }
}

/** Where each key stands last, as a map has it, and how many a set has. */
function lastOf<T>(keys: T[]): u32[] {
  const map = new Map<T, u32>();
  const set = new Set<T>();
  for (let i = 0; i < keys.length; i++) {
    map.set(keys[i], i);
    set.add(keys[i]);
  }
  const last = new Array<u32>();
  for (let i = 0; i < keys.length; i++) last.push(map.get(keys[i]));
  last.push(set.size);
  return last;
}`;

const MAX = (1n << 256n) - 1n;
const LOW = -(1n << 255n);
const HIGH = (1n << 255n) - 1n;

// Numbers of every length, and those where limbs and words end.
const edges = [
  0n,
  1n,
  2n,
  (1n << 32n) - 1n,
  1n << 32n,
  (1n << 64n) - 1n,
  1n << 64n,
  1n << 128n,
  1n << 255n,
  MAX - 1n,
  MAX,
];
const unsigned = fc.oneof(
  fc.constantFrom(...edges),
  fc
    .tuple(fc.bigInt({ min: 0n, max: MAX }), fc.integer({ min: 0, max: 255 }))
    .map(([n, bits]) => n >> BigInt(bits)),
  fc
    .tuple(fc.constantFrom(...edges), fc.integer({ min: -3, max: 3 }))
    .map(([n, by]) => BigInt.asUintN(256, n + BigInt(by))),
);
const signed = unsigned.map((n) => BigInt.asIntN(256, n));

describe('256-bit arithmetic in a contract', () => {
  let contract: Harness;
  beforeAll(async () => {
    contract = new Harness(await compileText(SOURCE));
  });

  /** The contract gives what BigInt gives, and reverts when that does not fit or there is none. */
  function check(
    name: string,
    low: bigint,
    high: bigint,
    args: readonly bigint[],
    expected: () => bigint,
  ): void {
    let value: bigint | undefined;
    try {
      value = expected();
    } catch {
      value = undefined;
    }
    if (value === undefined) expect(() => contract.call(name, ...args)).toThrow('revert: division by zero');
    else if (value < low || value > high)
      expect(() => contract.call(name, ...args)).toThrow('revert: number out of range');
    else expect(contract.call(name, ...args), `${name}(${args.join(', ')})`).toBe(value);
  }

  it('gives what exact arithmetic gives, or reverts', () => {
    fc.assert(
      fc.property(unsigned, unsigned, (a, b) => {
        check('add', 0n, MAX, [a, b], () => a + b);
        check('sub', 0n, MAX, [a, b], () => a - b);
        check('mul', 0n, MAX, [a, b], () => a * b);
        check('div', 0n, MAX, [a, b], () => a / b);
        check('rem', 0n, MAX, [a, b], () => a % b);
        expect(contract.call('bitwise', a, b)).toEqual([a & b, a | b, a ^ b, MAX ^ a]);
        expect(contract.call('compare', a, b)).toEqual([
          a === b,
          a !== b,
          a < b,
          a > b,
          a <= b,
          a >= b,
          a === 0n,
        ]);
        expect(contract.call('text', a)).toBe(a.toString());
        expect(contract.call('parsed', a.toString())).toBe(a);
        expect(contract.call('parsed', numberToHex(a))).toBe(a);
      }),
      { numRuns: 80 },
    );
  });

  it('multiplies modulo any number without losing a bit', () => {
    fc.assert(
      fc.property(unsigned, unsigned, unsigned, (a, b, m) => {
        check('mulmod', 0n, MAX, [a, b, m], () => (a * b) % m);
      }),
      { numRuns: 80 },
    );
  });

  it('shifts', () => {
    fc.assert(
      fc.property(unsigned, fc.integer({ min: 0, max: 300 }), (a, bits) => {
        expect(contract.call('shl', a, bits)).toBe(BigInt.asUintN(256, a << BigInt(bits)));
        expect(contract.call('shr', a, bits)).toBe(a >> BigInt(bits));
        const signedA = BigInt.asIntN(256, a);
        expect(contract.call('shlSigned', signedA, bits)).toBe(BigInt.asIntN(256, a << BigInt(bits)));
        expect(contract.call('shrSigned', signedA, bits)).toBe(signedA >> BigInt(bits));
      }),
      { numRuns: 80 },
    );
  });

  it('has the bits that it has, and no others', () => {
    fc.assert(
      fc.property(unsigned, fc.integer({ min: 0, max: 600 }), (a, index) => {
        expect(contract.call('bit', a, index)).toBe(((a >> BigInt(index)) & 1n) === 1n);
      }),
      { numRuns: 80 },
    );
    expect(contract.call('bit', MAX, 255)).toBe(true);
    expect(contract.call('bit', MAX, 256)).toBe(false);
    expect(contract.call('bit', MAX, -1)).toBe(false);
  });

  it('raises to powers', () => {
    for (const [a, b] of [
      [2n, 255n],
      [2n, 256n],
      [3n, 161n],
      [3n, 162n],
      [0n, 0n],
      [10n, 77n],
      [10n, 78n],
      [1n, MAX],
    ] as const) {
      check('pow', 0n, MAX, [a, b], () => (a === 1n ? 1n : a ** b));
    }
    for (const [a, b] of [
      [-2n, 255n],
      [2n, 255n],
      [-2n, 254n],
      [-2n, 256n],
      [-3n, 159n],
      [-3n, 161n],
      [0n, 0n],
      [LOW, 1n],
      [LOW, 2n],
    ] as const) {
      check('powSigned', LOW, HIGH, [a, b], () => a ** b);
    }
    expect(contract.call('powSigned', -1n, MAX)).toBe(-1n);
    expect(contract.call('powSigned', -1n, MAX - 1n)).toBe(1n);
  });

  it('counts with signs as exact arithmetic does, or reverts', () => {
    fc.assert(
      fc.property(signed, signed, (a, b) => {
        check('addSigned', LOW, HIGH, [a, b], () => a + b);
        check('subSigned', LOW, HIGH, [a, b], () => a - b);
        check('mulSigned', LOW, HIGH, [a, b], () => a * b);
        check('divSigned', LOW, HIGH, [a, b], () => a / b);
        check('remSigned', LOW, HIGH, [a, b], () => a % b);
        check('negSigned', LOW, HIGH, [a], () => -a);
        expect(contract.call('compareSigned', a, b)).toEqual([
          a === b,
          a !== b,
          a < b,
          a > b,
          a <= b,
          a >= b,
          a === 0n,
        ]);
        expect(contract.call('bitwiseSigned', a, b)).toEqual([a & b, a | b, a ^ b, ~a]);
        expect(contract.call('parsedSigned', a.toString())).toBe(a);
        expect(contract.call('textSigned', a)).toBe(a.toString());
      }),
      { numRuns: 80 },
    );
  });

  it('is found by value in maps and sets, and so are fixed bytes', () => {
    fc.assert(
      fc.property(
        fc.array(unsigned, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(5)),
        (values, picks) => {
          const keys = [...values, ...picks.map((pick) => values[pick % values.length] ?? 0n)];
          const expected = [...keys.map((key) => keys.lastIndexOf(key)), new Set(keys).size];
          expect(contract.call('counted', keys)).toEqual(expected);
          expect(
            contract.call(
              'countedSigned',
              keys.map((key) => BigInt.asIntN(256, key)),
            ),
          ).toEqual(expected);
          expect(contract.call('countedText', keys.map(String))).toEqual(expected);
          const short = keys.map((key) => numberToHex(key & 0xffn, { size: 4 }));
          const expectedShort = [...short.map((key) => short.lastIndexOf(key)), new Set(short).size];
          expect(contract.call('countedBytes', short)).toEqual(expectedShort);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('goes to and from built-in integers only when they fit', () => {
    expect(contract.call('small', (1n << 64n) - 1n)).toBe((1n << 64n) - 1n);
    expect(() => contract.call('small', 1n << 64n)).toThrow('number out of range');
    expect(contract.call('from', 5n)).toBe(5n);
    expect(() => contract.call('from', -5n)).toThrow('number out of range');
    expect(contract.call('fromSigned', -5n)).toBe(-5n);
    expect(contract.call('smallSigned', -(1n << 63n))).toBe(-(1n << 63n));
    expect(() => contract.call('smallSigned', 1n << 63n)).toThrow('number out of range');
    for (const text of [
      '',
      '0x',
      '12a',
      '0xg',
      '-1',
      ' 1',
      '0x@',
      '0x`',
      '0x0/',
      '1:',
      '0\u0130',
      '0x\u0141',
    ]) {
      expect(() => contract.call('parsed', text), text).toThrow('not a number');
    }
    expect(contract.call('parsed', '0xaF09')).toBe(0xaf09n);
    expect(contract.call('parsedSigned', '-0x1F')).toBe(-31n);
    for (const text of ['', '-', '--1', '+1', '- 1', '-0x']) {
      expect(() => contract.call('parsedSigned', text), text).toThrow('not a number');
    }
    expect(() => contract.call('parsedSigned', HIGH.toString() + '0')).toThrow('number out of range');
  });

  it('reads hex digits, and takes nothing else for one', () => {
    for (let code = 0; code < 128; code++) {
      const digit = String.fromCharCode(code);
      // In the stretches of eight digits, and among the last that are read by two.
      for (const text of [`${digit}${'0'.repeat(39)}`, `${'0'.repeat(39)}${digit}`]) {
        if (/^[0-9a-f]+$/i.test(text)) {
          expect(String(contract.call('address', text)).toLowerCase()).toBe(`0x${text.toLowerCase()}`);
        } else {
          expect(() => contract.call('address', text), JSON.stringify(text)).toThrow('not a hex digit');
        }
      }
    }
  });
});
