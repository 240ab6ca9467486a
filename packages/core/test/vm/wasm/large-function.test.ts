import { describe, expect, test } from 'vitest';
import { exeOf, run } from './support.js';

const variants = ['exact', 'fast'] as const;

/**
 * A contract that shows the results of some instructions after it did the last of them so many times, which takes it
 * beyond the size at which they are metered by calls.
 */
function contract(results: readonly string[], padding = ''): Uint8Array {
  const stores = results.map((result, index) => `(i64.store (i32.const ${8 * index}) ${result})`);
  return exeOf(`(module (memory 1) (func (export "call") ${stores.join(' ')} ${padding}))`);
}

function valuesOf(exe: Uint8Array, variant: (typeof variants)[number], count: number): bigint[] {
  const { trap, memory } = run(exe, variant);
  expect(trap).toBeUndefined();
  return [...new BigInt64Array(memory.slice(0, 8 * count).buffer)];
}

const saturating: readonly (readonly [
  instruction: string,
  values: readonly (readonly [string, bigint])[],
])[] = [
  [
    'i32.trunc_sat_f32_s',
    [
      ['nan', 0n],
      ['-1.9', -1n],
      ['inf', 2n ** 31n - 1n],
      ['-1e30', -(2n ** 31n)],
    ],
  ],
  [
    'i32.trunc_sat_f32_u',
    [
      ['nan', 0n],
      ['-1.9', 0n],
      ['inf', 2n ** 32n - 1n],
      ['3e9', 3_000_000_000n],
    ],
  ],
  [
    'i32.trunc_sat_f64_s',
    [
      ['nan', 0n],
      ['-1.9', -1n],
      ['inf', 2n ** 31n - 1n],
      ['-1e30', -(2n ** 31n)],
    ],
  ],
  [
    'i32.trunc_sat_f64_u',
    [
      ['nan', 0n],
      ['-1.9', 0n],
      ['inf', 2n ** 32n - 1n],
      ['3e9', 3_000_000_000n],
    ],
  ],
  [
    'i64.trunc_sat_f32_s',
    [
      ['nan', 0n],
      ['-1.9', -1n],
      ['inf', 2n ** 63n - 1n],
      ['-1e30', -(2n ** 63n)],
    ],
  ],
  [
    'i64.trunc_sat_f32_u',
    [
      ['nan', 0n],
      ['-1.9', 0n],
      ['inf', -1n],
      ['1e19', -8446744093203103744n],
    ],
  ],
  [
    'i64.trunc_sat_f64_s',
    [
      ['nan', 0n],
      ['-1.9', -1n],
      ['inf', 2n ** 63n - 1n],
      ['-1e30', -(2n ** 63n)],
    ],
  ],
  [
    'i64.trunc_sat_f64_u',
    [
      ['nan', 0n],
      ['-1.9', 0n],
      ['inf', -1n],
      ['1e19', -8446744073709551616n],
    ],
  ],
];

describe('in a function with many of them', () => {
  test.each(saturating)('%s gives what it gives alone', (instruction, values) => {
    const from = instruction.slice(14, 17);
    const wide = instruction.endsWith('_u') ? 'i64.extend_i32_u' : 'i64.extend_i32_s';
    const results = values.map(([value]) => {
      const converted = `(${instruction} (${from}.const ${value}))`;
      return instruction.startsWith('i64') ? converted : `(${wide} ${converted})`;
    });
    const expected = values.map(([, result]) => result);
    const many = `(drop (${instruction} (${from}.const 1)))`.repeat(101);
    for (const variant of variants) {
      expect(valuesOf(contract(results), variant, 4)).toEqual(expected);
      expect(valuesOf(contract(results, many), variant, 4)).toEqual(expected);
      // The body and its constant and drop, 1 each; the results cost as ever.
      expect(run(contract([], many), variant).gas).toBe(BigInt(1 + 3 * 101));
    }
  });

  test.each([
    ['f32', 0xffc0_0000n, ['sqrt', 'ceil'], ['add', 'div', 'min'], 0.5],
    ['f64', 0xfff8_0000_0000_0000n, ['sqrt', 'floor'], ['sub', 'mul', 'max'], 0.5],
  ] as const)('%s: every NaN has the same bits', (type, nan, unary, binary, half) => {
    const bits = (value: string): string =>
      type === 'f64' ? `(i64.reinterpret_f64 ${value})` : `(i64.extend_i32_u (i32.reinterpret_f32 ${value}))`;
    const strange = `(${type}.const nan:0x1234)`;
    const results = [
      ...unary.map((name) => bits(`(${type}.${name} ${strange})`)),
      ...binary.map((name) => bits(`(${type}.${name} ${strange} (${type}.const ${half}))`)),
      bits(`(${type}.div (${type}.const 0) (${type}.const 0))`),
      bits(`(${type}.sqrt (${type}.const 0.25))`),
    ];
    const many = `(drop (${type}.sqrt (${type}.const 1)))`.repeat(1_001);
    const numbers = { f32: 0x3f00_0000n, f64: 0x3fe0_0000_0000_0000n };
    const expected = [...Array.from({ length: results.length - 1 }, () => nan), numbers[type]];
    for (const variant of variants) {
      for (const padding of ['', many]) {
        const values = valuesOf(contract(results, padding), variant, results.length);
        expect(values.map((value) => BigInt.asUintN(64, value))).toEqual(expected);
      }
      expect(run(contract([], many), variant).gas).toBe(BigInt(1 + 3 * 1_001));
    }
  });

  test.each([
    ['addresses made anew', '(drop (i32.load (i32.add (local.get $i) (i32.const 1))))', 1 + 1 + 1 + 2 + 1],
    ['addresses in locals', '(drop (i32.load (local.tee $i (local.get $i))))', 1 + 1 + 2 + 1],
    ['constants', '(drop (i32.load (i32.const 7864320)))', 1 + 2 + 1],
  ])('loads from a memory that grows are looked after: %s', (_, load, price) => {
    const times = 2_001;
    const body = (last: string): string =>
      `(local $i i32) (drop (memory.grow (i32.const 1))) ${load.repeat(times)} ${last}`;
    const exe = (last: string): Uint8Array =>
      exeOf(`(module (memory 1) (func (export "call") ${body(last)}))`);
    const gas = BigInt(1 + 3 + 8192 + price * times);
    const end = 121 * 65_536;
    for (const variant of variants) {
      const store = (address: number): string => `(i32.store (i32.const ${address}) (i32.const 1))`;
      expect(run(exe(store(end - 4)), variant)).toMatchObject({ trap: undefined, gas: gas + 4n });
      for (const address of [end - 3, end, -4]) {
        const { trap, status } = run(exe(store(address)), variant);
        expect(trap).toMatch(/memory access/);
        expect(status).toBe(0);
      }
      const byLocal = `(local.set $i (i32.const ${end - 3})) (i32.store (local.get $i) (i32.const 1))`;
      expect(run(exe(byLocal), variant).trap).toMatch(/memory access/);
      const wrapping = '(local.set $i (i32.const -4)) (i32.store offset=8 (local.get $i) (i32.const 1))';
      expect(run(exe(wrapping), variant).trap).toMatch(/memory access/);
    }
  });

  test.each(variants)('loops end with the gas, to the unit, %s', (variant) => {
    const loop = `(local.set $i (i32.const 0)) (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 5))))`;
    const exe = (last: string): Uint8Array =>
      exeOf(`(module (memory 1) (func (export "call") (local $i i32) ${loop.repeat(201)} ${last}))`);
    // The body, and for each loop 3 before it and 9 for each of five times round.
    const gas = BigInt(1 + 201 * (3 + 9 * 5));
    expect(run(exe(''), variant, gas)).toMatchObject({ trap: undefined, gas, status: 0 });
    for (const limit of [gas - 1n, gas - 9n, gas - 10n, gas - 100n, 300n, 205n, 1n, 0n]) {
      expect(run(exe(''), variant, limit)).toMatchObject({ gas: limit, status: 1 });
    }
    const trapped = run(exe('(unreachable)'), variant, gas + 1n);
    expect(trapped).toMatchObject({ trap: 'unreachable', status: 0 });
    if (variant === 'exact') expect(trapped.gas).toBe(gas + 1n);
  });

  test.each(variants)('loops that end with a branch to an outer one cost the same, %s', (variant) => {
    const body = `(loop $outer ${'(loop $inner (br_if $outer (local.get $i)) (block $x (br_table $inner $x (i32.const 1))))'.repeat(201)})`;
    const exe = exeOf(`(module (memory 1) (func (export "call") (local $i i32) ${body}))`);
    // The body and the outer loop; each inner one 1 before it, 1 + 2 + 1 in it, 1 + 2 in its block.
    const gas = BigInt(1 + 1 + 1 + 201 * (1 + 4 + 3));
    for (const limit of [gas, gas + 1n, gas + 500n]) {
      expect(run(exe, variant, limit)).toMatchObject({ trap: undefined, gas, status: 0 });
    }
    expect(run(exe, variant, gas - 1n)).toMatchObject({ gas: gas - 1n, status: 1 });
  });
});
