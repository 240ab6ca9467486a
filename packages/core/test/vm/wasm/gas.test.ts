import { describe, expect, test } from 'vitest';
import { buildContract } from '#vm/wasm/build.js';
import { exeOf, gasOf, run } from './support.js';

/** A contract whose `call` does this. */
function contract(body: string, rest = ''): string {
  return `(module
    (import "env" "ret" (func $ret (param i32 i32)))
    (import "env" "read_state_len" (func $len (param i32 i32) (result i32)))
    (memory 1) (global $g (mut i32) (i32.const 0)) (data $d "0123456789") ${rest}
    (func $nothing) (func (export "call") (local $i i32) (local $j i64) (local $x f64) (local $n i32) ${body}))`;
}

// What each line costs is spelled out beside it. A body begins with 1.
const prices: readonly (readonly [string, string, number])[] = [
  ['an empty body', '', 1],
  ['nop', '(nop)', 1 + 1],
  ['i32.const, drop', '(drop (i32.const 5))', 1 + 1 + 1],
  [
    'i64.const, f32.const, f64.const',
    '(drop (i64.const 5)) (drop (f32.const 1)) (drop (f64.const 1))',
    1 + 6,
  ],
  ['local.get, local.set, local.tee', '(local.set $i (local.tee $i (local.get $i)))', 1 + 3],
  ['global.get, global.set', '(global.set $g (global.get $g))', 1 + 2],
  ['select', '(drop (select (i32.const 1) (i32.const 2) (i32.const 3)))', 1 + 3 + 1 + 1],
  ['typed select', '(drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)))', 1 + 3 + 1 + 1],
  ['i32.add', '(drop (i32.add (i32.const 1) (i32.const 2)))', 1 + 2 + 1 + 1],
  ['i32.mul costs 4', '(drop (i32.mul (i32.const 1) (i32.const 2)))', 1 + 2 + 4 + 1],
  ['i64.mul costs 4', '(drop (i64.mul (i64.const 1) (i64.const 2)))', 1 + 2 + 4 + 1],
  ['i32.div_s costs 16', '(drop (i32.div_s (i32.const 1) (i32.const 2)))', 1 + 2 + 16 + 1],
  ['i32.div_u costs 16', '(drop (i32.div_u (i32.const 1) (i32.const 2)))', 1 + 2 + 16 + 1],
  ['i32.rem_s costs 16', '(drop (i32.rem_s (i32.const 1) (i32.const 2)))', 1 + 2 + 16 + 1],
  ['i32.rem_u costs 16', '(drop (i32.rem_u (i32.const 1) (i32.const 2)))', 1 + 2 + 16 + 1],
  ['i64.div_s costs 16', '(drop (i64.div_s (i64.const 1) (i64.const 2)))', 1 + 2 + 16 + 1],
  ['i64.div_u costs 16', '(drop (i64.div_u (i64.const 1) (i64.const 2)))', 1 + 2 + 16 + 1],
  ['i64.rem_s costs 16', '(drop (i64.rem_s (i64.const 1) (i64.const 2)))', 1 + 2 + 16 + 1],
  ['i64.rem_u costs 16', '(drop (i64.rem_u (i64.const 1) (i64.const 2)))', 1 + 2 + 16 + 1],
  [
    'f64.mul and f64.div cost 1',
    '(drop (f64.mul (f64.const 1) (f64.div (f64.const 1) (f64.const 2))))',
    1 + 3 + 2 + 1,
  ],
  ['f32.sqrt', '(drop (f32.sqrt (f32.const 4)))', 1 + 1 + 1 + 1],
  ['a conversion', '(drop (i32.wrap_i64 (i64.const 4)))', 1 + 1 + 1 + 1],
  ['a sign extension', '(drop (i32.extend8_s (i32.const 4)))', 1 + 1 + 1 + 1],
  ['a saturating conversion', '(drop (i32.trunc_sat_f64_s (f64.const 4)))', 1 + 1 + 1 + 1],
  ['i32.load costs 2', '(drop (i32.load (i32.const 0)))', 1 + 1 + 2 + 1],
  ['i64.load32_u costs 2', '(drop (i64.load32_u (i32.const 0)))', 1 + 1 + 2 + 1],
  ['f64.load costs 2', '(drop (f64.load (i32.const 0)))', 1 + 1 + 2 + 1],
  ['i32.store costs 2', '(i32.store (i32.const 0) (i32.const 1))', 1 + 2 + 2],
  ['i64.store8 costs 2', '(i64.store8 (i32.const 0) (i64.const 1))', 1 + 2 + 2],
  ['memory.size', '(drop (memory.size))', 1 + 1 + 1],
  ['memory.grow costs 8192 a page', '(drop (memory.grow (i32.const 3)))', 1 + 1 + 1 + 3 * 8192 + 1],
  ['memory.grow that is not granted', '(drop (memory.grow (i32.const 9)))', 1 + 1 + 1 + 9 * 8192 + 1],
  ['memory.grow by nothing', '(drop (memory.grow (i32.const 0)))', 1 + 1 + 1 + 1],
  ['memory.fill of nothing', '(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))', 1 + 3 + 2],
  ['memory.fill of 1 byte', '(memory.fill (i32.const 0) (i32.const 0) (i32.const 1))', 1 + 3 + 2 + 1],
  ['memory.fill of 8 bytes', '(memory.fill (i32.const 0) (i32.const 0) (i32.const 8))', 1 + 3 + 2 + 1],
  ['memory.fill of 9 bytes', '(memory.fill (i32.const 0) (i32.const 0) (i32.const 9))', 1 + 3 + 2 + 2],
  ['memory.copy of 1 KiB', '(memory.copy (i32.const 0) (i32.const 8) (i32.const 1024))', 1 + 3 + 2 + 128],
  ['memory.init of 10 bytes', '(memory.init $d (i32.const 0) (i32.const 0) (i32.const 10))', 1 + 3 + 2 + 2],
  ['data.drop', '(data.drop $d)', 1 + 1],
  ['a call of a host function', '(call $ret (i32.const 0) (i32.const 0))', 1 + 2 + 1],
  ['a call of an empty function', '(call $nothing)', 1 + 1 + 1],

  // Blocks: opening one costs 1 outside, and inside it begins with 1. `end` and `else` cost nothing.
  ['an empty block', '(block)', 1 + 1 + 1],
  ['three blocks inside each other', '(block (block (block)))', 1 + 1 + (1 + 1) + (1 + 1) + 1],
  ['a loop that does not repeat', '(loop (nop))', 1 + 1 + (1 + 1)],
  ['an if that is taken', '(if (i32.const 1) (then (nop)))', 1 + 2 + (1 + 1)],
  ['an if that is not taken', '(if (i32.const 0) (then (nop) (nop)))', 1 + 2],
  ['the first arm', '(if (i32.const 1) (then (nop)) (else (nop) (nop)))', 1 + 2 + (1 + 1)],
  ['the second arm', '(if (i32.const 0) (then (nop)) (else (nop) (nop)))', 1 + 2 + (1 + 2)],
  [
    'nested ifs without else, both taken',
    '(if (i32.const 1) (then (if (i32.const 1) (then (nop)))))',
    1 + 2 + (1 + 2) + (1 + 1),
  ],
  [
    'nested ifs without else, the outer one taken',
    '(if (i32.const 1) (then (if (i32.const 0) (then (nop)))))',
    1 + 2 + (1 + 2),
  ],
  ['instructions after a branch count all the same', '(block (br 0) (nop) (nop))', 1 + 1 + (1 + 1 + 2)],
  [
    'a taken br_if: its block is paid in full',
    '(block (br_if 0 (i32.const 1)) (nop) (nop))',
    1 + 1 + (1 + 2 + 2),
  ],
  ['a br_if that is not taken', '(block (br_if 0 (i32.const 0)) (nop) (nop))', 1 + 1 + (1 + 2 + 2)],
  [
    'a br_if past a block: that block is not paid',
    '(block (br_if 0 (i32.const 1)) (block (nop)))',
    1 + 1 + (1 + 2 + 1),
  ],
  [
    'br_table to the inner block',
    '(block (block (br_table 0 1 (i32.const 0))) (nop))',
    1 + 1 + (1 + 1 + 1) + (1 + 2),
  ],
  [
    'br_table to the outer block pays what it skips',
    '(block (block (br_table 0 1 (i32.const 1))) (nop))',
    1 + 1 + (1 + 1 + 1) + (1 + 2),
  ],
  [
    'br_table by default',
    '(block (block (br_table 0 1 (i32.const 99))) (nop))',
    1 + 1 + (1 + 1 + 1) + (1 + 2),
  ],
  ['an early return pays the whole body', '(return) (nop) (nop)', 1 + 1 + 2],
  [
    'a return in an arm leaves what is not begun unpaid',
    '(if (i32.const 1) (then (return))) (block (nop))',
    1 + 2 + 1 + (1 + 1),
  ],
  ['unreachable code counts', '(if (i32.const 0) (then (unreachable))) (nop)', 1 + 2 + 1],
  [
    'a loop is paid each time round',
    '(loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 5))))',
    1 + 1 + 5 * (1 + 4 + 4),
  ],
  [
    'a loop with an exit in its middle',
    `(block $b (loop $l
       (br_if $b (i32.eq (local.get $i) (i32.const 3)))
       (local.set $i (i32.add (local.get $i) (i32.const 1)))
       (br $l)))`,
    1 + 1 + (1 + 1) + 4 * (1 + 4 + 4 + 1),
  ],
  [
    'a loop inside an if inside a loop',
    `(loop $l
       (if (i32.and (local.get $i) (i32.const 1)) (then
         (loop $m (local.set $j (i64.add (local.get $j) (i64.const 1))) (br_if $m (i64.lt_u (local.get $j) (i64.const 2))))))
       (local.set $i (i32.add (local.get $i) (i32.const 1)))
       (br_if $l (i32.lt_u (local.get $i) (i32.const 4))))`,
    // Four rounds; in the second the inner loop runs twice, in the fourth once, for $j is 2 and counts on to 3.
    1 + 1 + 4 * (1 + 4 + 4 + 4) + 2 * (1 + 1) + (2 + 1) * (1 + 4 + 4),
  ],
  [
    'br_table back to a loop',
    '(loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (block $out (br_table $l $l $out (local.get $i))))',
    // Once round goes to the loop again, the second time out of the block.
    1 + 1 + 2 * (1 + 4 + 1) + 2 * (1 + 2),
  ],
];

describe('prices', () => {
  test.each(prices)('%s', (_, body, gas) => {
    expect(gasOf(contract(body))).toBe(BigInt(gas));
  });

  test('elements of a table are paid as any function', () => {
    const rest =
      '(table 2 funcref) (elem (i32.const 0) $f $len) (type $t (func (param i32 i32) (result i32)))';
    const f = '(func $f (param i32 i32) (result i32) (nop) (local.get 0))';
    const call = '(drop (call_indirect (type $t) (i32.const 1) (i32.const 2) (i32.const 0)))';
    expect(gasOf(contract(call, rest + f))).toBe(BigInt(1 + 3 + 1 + 1 + (1 + 1 + 1)));
    const host = '(drop (call_indirect (type $t) (i32.const 1) (i32.const 2) (i32.const 1)))';
    expect(gasOf(contract(host, rest + f))).toBe(BigInt(1 + 3 + 1 + 1));
  });

  test('multi-value blocks and results', () => {
    const swap = '(func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))';
    const text = '(block (param i32 i32) (result i32) (i32.sub)) (drop)';
    expect(gasOf(contract(`(call $swap (i32.const 1) (i32.const 2)) ${text}`, swap))).toBe(
      BigInt(1 + 2 + 1 + (1 + 2) + 1 + (1 + 1) + 1),
    );
  });
});

describe('the limit', () => {
  // Gas: body 1 + 1 for the loop, and 9 each time round.
  const text = contract(
    '(loop $l (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 5))))',
  );
  const exe = exeOf(text);

  test.each(['exact', 'fast'] as const)('%s: reaching it is fine, one less is not', (variant) => {
    expect(run(exe, variant, 47n)).toMatchObject({ trap: undefined, gas: 47n, status: 0 });
    for (const limit of [46n, 38n, 37n, 3n, 2n, 1n, 0n]) {
      expect(run(exe, variant, limit)).toMatchObject({ trap: 'unreachable', gas: limit, status: 1 });
    }
  });

  test.each(['exact', 'fast'] as const)('%s: limits beyond 2^63 are limits', (variant) => {
    expect(run(exe, variant, 2n ** 64n - 1n)).toMatchObject({ trap: undefined, gas: 47n });
    expect(run(exe, variant, 2n ** 63n)).toMatchObject({ trap: undefined, gas: 47n });
  });

  test.each(['exact', 'fast'] as const)('%s: an endless loop ends', (variant) => {
    expect(run(exeOf(contract('(loop (br 0))')), variant, 1_000_000n)).toMatchObject({
      gas: 1_000_000n,
      status: 1,
    });
  });

  test.each(['exact', 'fast'] as const)('%s: calls without any loop end soon after it', (variant) => {
    // Each function calls the one before a thousand times: a billion calls of one that does a thousand things.
    const chain = [0, 1, 2].map((level) => `(func $f${level + 1} ${`(call $f${level})`.repeat(1000)})`);
    const exe = exeOf(contract('(call $f3)', `(func $f0 ${'(nop)'.repeat(1000)}) ${chain.join(' ')}`));
    const start = process.cpuUsage();
    expect(run(exe, variant, 1_000_000n)).toMatchObject({ gas: 1_000_000n, status: 1 });
    expect(process.cpuUsage(start).user).toBeLessThan(5_000_000);
  });

  test.each(['exact', 'fast'] as const)('%s: no host function runs beyond it', (variant) => {
    const ended = run(exeOf(contract('(call $ret (i32.const 1) (i32.const 2))')), variant, 3n);
    expect(ended).toMatchObject({ gas: 3n, status: 1, calls: [] });
  });

  test.each(['exact', 'fast'] as const)('%s: bulk operations are paid before they act', (variant) => {
    const exe = exeOf(contract('(memory.fill (i32.const 0) (i32.const 7) (i32.const 800))'));
    const ended = run(exe, variant, 1n + 3n + 2n + 99n);
    expect(ended).toMatchObject({ gas: 105n, status: 1 });
    expect(ended.memory[0]).toBe(0);
    expect(run(exe, variant, 106n).memory[0]).toBe(7);
  });
});

describe('a branch that is not taken, to a loop that who branches pays for', () => {
  const add = '(local.set $i (i32.add (local.get $i) (i32.const 1)))'.repeat(100);
  /** The gas of the loop inside is looked at only when it is left or comes round, by a table. */
  const exeWith = (inner: string, rest: string): Uint8Array =>
    exeOf(contract(`(loop $outer ${add} (loop $inner ${inner} ${rest}))`));
  // The body 1 + 1, the outer loop 1 + 100 * 4 + 1, the inner one 1, and what follows.
  const until = 2 + 402 + 1;
  const branches: readonly (readonly [string, string, number])[] = [
    ['br_if', '(br_if $outer (local.get $n))', 2],
    ['br_if, twice', '(br_if $outer (local.get $n)) (br_if $outer (local.get $n))', 4],
    ['br_if in a block', '(block (br_if $outer (local.get $n)))', 1 + 1 + 2],
    ['br in an arm', '(if (local.get $n) (then (br $outer)))', 2],
  ];

  test.each(branches)('%s: costs nothing at the end', (_, inner, price) => {
    const exe = exeWith(inner, '(block $x (br_table $inner $x (i32.const 1)))');
    const gas = BigInt(until + price + 1 + 1 + 1 + 1);
    for (const variant of ['exact', 'fast'] as const) {
      for (const limit of [gas, gas + 1n, gas + 200n, gas + 402n, gas + 10_000n]) {
        expect(run(exe, variant, limit)).toMatchObject({ trap: undefined, gas, status: 0 });
      }
      expect(run(exe, variant, gas - 1n)).toMatchObject({ gas: gas - 1n, status: 1 });
    }
  });

  test.each(branches)('%s: costs nothing at a trap', (_, inner, price) => {
    const exe = exeWith(inner, '(unreachable) (br_table $inner $inner (i32.const 1))');
    const gas = BigInt(until + price + 3);
    for (const limit of [gas, gas + 1n, gas + 200n, gas + 402n, gas + 10_000n]) {
      expect(run(exe, 'exact', limit)).toMatchObject({ trap: 'unreachable', gas, status: 0 });
      expect(run(exe, 'fast', limit)).toMatchObject({ trap: 'unreachable', status: 0 });
    }
  });
});

describe('gas when the contract traps', () => {
  const traps: readonly (readonly [string, string, string, number])[] = [
    ['unreachable', '(unreachable) (nop)', 'unreachable', 1 + 1 + 1],
    ['division by zero', '(drop (i32.div_u (i32.const 1) (i32.const 0)))', 'divide by zero', 1 + 2 + 16 + 1],
    ['memory', '(drop (i32.load (i32.const -4)))', 'memory access out of bounds', 1 + 1 + 2 + 1],
    [
      'memory.fill',
      '(memory.fill (i32.const -8) (i32.const 0) (i32.const 16))',
      'memory access out of bounds',
      1 + 3 + 2 + 2,
    ],
    [
      'deep inside',
      '(block (block (if (i32.const 1) (then (unreachable)))))',
      'unreachable',
      1 + 1 + (1 + 1) + (1 + 2) + (1 + 1),
    ],
  ];
  test.each(traps)('%s', (_, body, trap, gas) => {
    expect(run(exeOf(contract(body)), 'exact')).toMatchObject({ trap, gas: BigInt(gas), status: 0 });
    // Fast code only says that something happened.
    expect(run(exeOf(contract(body)), 'fast')).toMatchObject({ trap, status: 0 });
  });

  test('the host sees what was used, and may charge', () => {
    const exe = exeOf(
      contract(
        '(block (nop) (call $ret (i32.const 0) (i32.const 0)) (nop)) (call $ret (i32.const 0) (i32.const 0))',
      ),
    );
    for (const variant of ['exact', 'fast'] as const) {
      // The body is 1 + 1 + 3, the block in it 1 + 1 + 3 + 1; the host charges 100 each time.
      const charging = run(exe, variant, undefined, { ret: 100n });
      expect(charging).toMatchObject({ gasSeen: [11n, 111n], gas: 211n });
      expect(run(exe, variant, 211n, { ret: 100n })).toMatchObject({ gas: 211n, status: 0 });
      expect(run(exe, variant, 110n, { ret: 100n })).toMatchObject({ gas: 110n, status: 1 });
    }
  });
});

test('an else without instructions is a block', () => {
  // (if (i32.const 0) (then) (else)), which text form cannot say: 41 00, 04 40, 05, 0b.
  const module = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1];
  const exported = [7, 8, 1, 4, 0x63, 0x61, 0x6c, 0x6c, 0, 0];
  const code = [10, 10, 1, 8, 0, 0x41, 0, 0x04, 0x40, 0x05, 0x0b, 0x0b];
  const { exe } = buildContract(Uint8Array.from([...module, ...exported, ...code]));
  expect(run(exe, 'exact').gas).toBe(BigInt(1 + 2 + 1));
  expect(run(exe, 'fast').gas).toBe(BigInt(1 + 2 + 1));
});
