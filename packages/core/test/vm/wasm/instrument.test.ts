import { describe, expect, test } from 'vitest';
import { instrument } from '#vm/wasm/instrument.js';
import { wasm } from '#vm/webassembly.js';
import type { WasmGlobal } from '#vm/webassembly.js';
import { binary, exeOf, instantiate, run } from './support.js';

const variants = ['exact', 'fast'] as const;
const chunk = 128 * 1024;

/** A contract that shows things through `ret`. */
function contract(body: string, rest = ''): string {
  return `(module (import "env" "ret" (func $show (param i32 i32))) (memory 1) ${rest} (func (export "call") ${body}))`;
}

describe('the stack limit', () => {
  /** How deep a function of this shape may call itself before 65,536 units are used up. */
  async function depthOf(parameters: string, locals: string, operands: string): Promise<number> {
    const text = `(module (import "env" "ret" (func $show (param i32 i32))) (memory 1)
      (func $f ${parameters} ${locals} (call $show (i32.const 0) (i32.const 0)) (call $f ${operands}))
      (func (export "call") (call $f ${operands})))`;
    const { status, calls, trap } = await inDeepStack(text);
    expect(status).toBe(2);
    expect(trap).toBe('unreachable');
    return calls;
  }

  test('an entry and functions with two operands', async () => {
    // call: 1 unit, for the operand by which it is charged. f: two operands for ret.
    expect(await depthOf('', '', '')).toBe(Math.floor((65_536 - 1) / 2));
  });

  test('locals count, parameters do not but their operands do', async () => {
    expect(await depthOf('', '(local i32 i64)', '')).toBe(Math.floor((65_536 - 1) / 4));
    expect(await depthOf('', '(local i32 i32 i32)', '')).toBe(Math.floor((65_536 - 1) / 5));
    const three = '(i32.const 1) (i32.const 2) (i32.const 3)';
    expect(await depthOf('(param i32 i32 i32)', '', three)).toBe(Math.floor((65_536 - 3) / 3));
  });

  test('functions called through the table count the same', async () => {
    const text = `(module (import "env" "ret" (func $show (param i32 i32))) (memory 1) (table 1 funcref)
      (elem (i32.const 0) $f) (type $t (func))
      (func $f (call $show (i32.const 0) (i32.const 0)) (call_indirect (type $t) (i32.const 0)))
      (func (export "call") (call_indirect (type $t) (i32.const 0))))`;
    expect((await inDeepStack(text)).calls).toBe(Math.floor((65_536 - 1) / 2));
  });

  test('what returns gives its stack back', () => {
    const text = contract(
      `(local $i i32) (loop $l (call $f (i32.const 100)) (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 2000))))`,
      `(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))`,
    );
    for (const variant of variants)
      expect(run(exeOf(text), variant)).toMatchObject({ trap: undefined, status: 0 });
  });

  test('one that declares more locals than there are units never runs', () => {
    const locals = Array.from({ length: 9999 }, () => 'i64').join(' ');
    const call = '(func (export "call") (call $f))';
    const text = `(module (memory 1) (func $f (local ${locals}) (call $f)) ${call})`;
    for (const variant of variants)
      expect(run(exeOf(text), variant)).toMatchObject({ trap: 'unreachable', status: 2 });
  });

  test('memory.grow takes three units as the call that it was', async () => {
    // call takes 1, each f 2 (its operand, and the charge beside it): the deepest has less than three left.
    const text = `(module (import "env" "ret" (func $show (param i32 i32))) (memory 1)
      (func $f (param i32) (drop (memory.grow (i32.const 0))) (call $f (local.get 0)))
      (func (export "call") (call $f (i32.const 0))))`;
    const { gas } = await inDeepStack(text);
    // f costs 1 + 5; call 1 + 2. Depth d stands at 1 + d units, and asks for 3 more.
    expect(gas).toBe(BigInt(3 + 6 * (65_536 - 1 - 3 + 1)));
  });
});

describe('a memory that grows', () => {
  const text = contract(
    `(call $show (memory.size) (memory.grow (i32.const 3)))
     (call $show (memory.size) (memory.grow (i32.const 6)))
     (call $show (memory.grow (i32.const -1)) (memory.grow (i32.const 5)))
     (call $show (memory.size) (i32.load (i32.const 8388604)))`,
  );

  test.each(variants)('%s: is granted up to 128 pages', (variant) => {
    const { calls, pages, trap } = run(exeOf(text), variant);
    expect(trap).toBeUndefined();
    expect(calls).toEqual([
      ['ret', 120, 120],
      ['ret', 123, -1],
      ['ret', -1, 123],
      ['ret', 128, 0],
    ]);
    expect(pages).toBe(128);
  });

  const edges: readonly (readonly [string, number, number, number, boolean])[] = [
    // What is accessed, pages asked for, address, offset, whether it exists.
    ['i32.load8_u', 0, 120 * 65_536 - 1, 0, true],
    ['i32.load8_u', 0, 120 * 65_536, 0, false],
    ['i32.load', 0, 120 * 65_536 - 4, 0, true],
    ['i32.load', 0, 120 * 65_536 - 3, 0, false],
    ['i64.load', 1, 121 * 65_536 - 8, 0, true],
    ['i64.load', 1, 121 * 65_536 - 7, 0, false],
    ['i64.load', 1, 0, 121 * 65_536 - 8, true],
    ['i64.load', 1, 1, 121 * 65_536 - 8, false],
    ['i64.load', 8, 128 * 65_536 - 16, 8, true],
    ['i64.load', 8, 128 * 65_536 - 16, 9, false],
    ['i32.load', 8, 0xffff_ffff, 1, false],
    ['i32.load', 8, 0, 0xffff_ffff, false],
  ];
  test.each(edges)('%s after growing by %i, at %i + %i: %s', (access, pages, address, offset, exists) => {
    const load = contract(
      `(drop (memory.grow (i32.const ${pages}))) (drop (${access} offset=${offset} (i32.const ${address | 0})))`,
    );
    const type = access.slice(0, 3);
    const store = contract(
      `(drop (memory.grow (i32.const ${pages})))
       (${access.replace(/load(8)?_?u?/, 'store$1')} offset=${offset} (i32.const ${address | 0}) (${type}.const 1))`,
    );
    for (const body of [load, store]) {
      expect(run(exeOf(body), 'exact').trap).toBe(exists ? undefined : 'memory access out of bounds');
      // Fast code only says that something happened.
      const fast = run(exeOf(body), 'fast');
      expect(fast.status).toBe(0);
      expect(fast.trap === undefined).toBe(exists);
    }
  });

  test.each(variants)('%s: bulk operations stay within it', (variant) => {
    const trapOf = (body: string): string | undefined =>
      run(exeOf(contract(`(drop (memory.grow (i32.const 1))) ${body}`, '(data $d "12345678")')), variant)
        .trap;
    const end = 121 * 65_536;
    expect(trapOf(`(memory.fill (i32.const ${end - 8}) (i32.const 1) (i32.const 8))`)).toBeUndefined();
    expect(trapOf(`(memory.fill (i32.const ${end - 8}) (i32.const 1) (i32.const 9))`)).toMatch(
      /out of bounds/,
    );
    expect(trapOf(`(memory.copy (i32.const 0) (i32.const ${end - 8}) (i32.const 8))`)).toBeUndefined();
    expect(trapOf(`(memory.copy (i32.const 0) (i32.const ${end - 8}) (i32.const 9))`)).toMatch(
      /out of bounds/,
    );
    expect(trapOf(`(memory.init $d (i32.const ${end - 8}) (i32.const 0) (i32.const 8))`)).toBeUndefined();
    expect(trapOf(`(memory.init $d (i32.const ${end - 7}) (i32.const 0) (i32.const 8))`)).toMatch(
      /out of bounds/,
    );
  });

  test('asks for all pages only when it can grow', () => {
    expect(instrument(exeOf(text), 'fast')).toMatchObject({ memoryPages: 128, initialPages: 120 });
    expect(instrument(exeOf(contract('')), 'fast')).toMatchObject({ memoryPages: 120, initialPages: 120 });
    const own = binary('(module (import "env" "memory" (memory 3 7)) (func (export "call")))');
    expect(instrument(own, 'fast')).toMatchObject({ memoryPages: 3, initialPages: 3 });
  });
});

describe('segments', () => {
  const grow = '(drop (memory.grow (i32.const 8)))';
  const memoryEnd = 120 * 65_536;
  const text = 'Error in execution of WASM code: Instantiation: ';
  const inside: readonly (readonly [string, string])[] = [
    ['data up to the end', `(data (i32.const ${memoryEnd - 4}) "abcd")`],
    ['no data at the end', `(data (i32.const ${memoryEnd}) "")`],
    ['elements up to the end', '(table 2 funcref) (elem (i32.const 1) $f) (func $f)'],
    ['passive ones', '(table 1 funcref) (data "abcd") (elem func $f $f) (func $f)'],
  ];
  const outside: readonly (readonly [string, string, string])[] = [
    ['data beyond the end', `(data (i32.const ${memoryEnd - 3}) "abcd")`, 'data segment does not fit'],
    ['no data beyond the end', `(data (i32.const ${memoryEnd + 1}) "")`, 'data segment does not fit'],
    [
      'data where memory may grow to',
      `(data (i32.const ${memoryEnd + 100}) "abcd")`,
      'data segment does not fit',
    ],
    ['data far away', '(data (i32.const -1) "a")', 'data segment does not fit'],
    [
      'elements beyond the end',
      '(table 2 funcref) (elem (i32.const 2) $f) (func $f)',
      'elements segment does not fit',
    ],
  ];
  for (const [how, body] of [
    ['a contract that grows its memory', grow],
    ['one that does not', ''],
  ] as const) {
    const exeWith = (fields: string): Uint8Array =>
      exeOf(`(module (memory 1) ${fields} (func (export "call") ${body}))`);
    test.each(inside)(`%s in ${how}`, (_, fields) => {
      for (const variant of variants) expect(run(exeWith(fields), variant).trap).toBeUndefined();
    });

    test.each(outside)(`%s in ${how}: refused`, (_, fields, reason) => {
      for (const variant of variants) {
        expect(() => instrument(exeWith(fields), variant)).toThrow(
          expect.objectContaining({ code: 'INVALID', message: text + reason }),
        );
      }
    });
  }
});

describe('dirty marks', () => {
  const marks: readonly (readonly [string, string, readonly number[]])[] = [
    ['nothing', '(drop (i32.load (i32.const 0)))', []],
    ['the first byte', '(i32.store8 (i32.const 0) (i32.const 0))', [0]],
    ['the last byte', `(i32.store8 (i32.const ${60 * chunk - 1}) (i32.const 0))`, [59]],
    ['with an offset', `(i64.store offset=${chunk} (i32.const ${chunk}) (i64.const 0))`, [2]],
    [
      'memory.fill',
      `(memory.fill (i32.const ${chunk - 1}) (i32.const 1) (i32.const ${chunk + 2}))`,
      [0, 1, 2],
    ],
    ['memory.fill of nothing', `(memory.fill (i32.const 5) (i32.const 1) (i32.const 0))`, []],
    ['memory.fill of one byte', `(memory.fill (i32.const ${3 * chunk}) (i32.const 1) (i32.const 1))`, [3]],
    ['memory.copy', `(memory.copy (i32.const ${4 * chunk}) (i32.const 0) (i32.const ${chunk}))`, [4]],
    ['memory.init', `(memory.init $d (i32.const ${6 * chunk - 2}) (i32.const 0) (i32.const 4))`, [5, 6]],
    [
      'in a loop',
      `(loop $l (i32.store (local.get $i) (i32.const 1))
        (local.set $i (i32.add (local.get $i) (i32.const 100000))) (br_if $l (i32.lt_u (local.get $i) (i32.const 500000))))`,
      [0, 1, 2, 3],
    ],
    [
      'before an early return',
      `(if (i32.const 1) (then (i32.store (i32.const ${7 * chunk}) (i32.const 1)) (return)))`,
      [7],
    ],
    ['in a function that is called', '(call $store)', [8]],
  ];
  test.each(marks)('%s', (_, body, chunks) => {
    const rest = `(data $d "1234") (func $store (i64.store (i32.const ${8 * chunk}) (i64.const 1)))`;
    const text = contract(`(local $i i32) ${body}`, rest);
    const expected = chunks.reduce((bits, index) => bits | (1n << BigInt(index)), 0n);
    for (const variant of variants)
      expect(run(exeOf(text), variant)).toMatchObject({ dirty: expected, trap: undefined });
  });

  test('are there when exact code traps', () => {
    const { dirty, trap } = run(
      exeOf(contract(`(i32.store (i32.const ${chunk}) (i32.const 1)) (unreachable)`)),
      'exact',
    );
    expect({ dirty, trap }).toEqual({ dirty: 2n, trap: 'unreachable' });
  });
});

test.each(variants)('%s: $reset brings back every global', (variant) => {
  const text = contract(
    `(call $show (global.get $a) (i32.wrap_i64 (global.get $b)))
     (global.set $a (i32.const 8)) (global.set $b (i64.const 9)) (global.set $c (f64.const 1)) (i32.store (i32.const 0) (i32.const 1))
     (drop (memory.grow (i32.const 1))) (call $show (i32.trunc_f64_s (global.get $c)) (memory.size))`,
    '(global $a (mut i32) (i32.const 5)) (global $b (mut i64) (i64.const 6)) (global $c (mut f64) (f64.const 7)) (global $d i32 (i32.const 1))',
  );
  const memory = new wasm.Memory({ initial: 128, maximum: 128 });
  const { exports, calls } = instantiate(instrument(exeOf(text), variant).code, memory);
  const used: bigint[] = [];
  for (let round = 0; round < 3; round += 1) {
    (exports['$reset'] as () => void)();
    for (const name of ['$gas', '$dirty', '$limit']) expect((exports[name] as WasmGlobal).value).toBe(0n);
    expect((exports['$pages'] as WasmGlobal).value).toBe(120);
    (exports['$limit'] as WasmGlobal<bigint>).value = 1_000_000n;
    (exports['call'] as () => void)();
    used.push((exports['$gas'] as WasmGlobal<bigint>).value);
  }
  expect(calls).toEqual(
    [1, 2, 3].flatMap(() => [
      ['ret', 5, 6],
      ['ret', 1, 121],
    ]),
  );
  expect(new Set(used).size).toBe(1);
});

test('an instance whose table or segments change is not for a second run', () => {
  const reusable = (body: string): boolean =>
    instrument(exeOf(contract(body, '(table 2 funcref) (elem $e func $show) (data $d "1")')), 'fast')
      .reusable;
  expect(reusable('(memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))')).toBe(true);
  expect(reusable('(data.drop $d)')).toBe(false);
  expect(reusable('(elem.drop $e)')).toBe(false);
  expect(reusable('(table.init $e (i32.const 0) (i32.const 0) (i32.const 1))')).toBe(false);
  expect(reusable('(table.copy (i32.const 0) (i32.const 1) (i32.const 1))')).toBe(false);
});

test.each(variants)('%s: the export call may be a host function, or give results', (variant) => {
  const host = binary(
    '(module (import "env" "fetch_args_length" (func $ask (result i32))) (import "env" "memory" (memory 120 128)) (export "call" (func $ask)))',
  );
  expect(run(host, variant)).toMatchObject({ trap: undefined, gas: 0n, calls: [['fetch_args_length']] });
  const results = exeOf(
    '(module (memory 1) (func (export "call") (result i64 f32) (i64.const 1) (f32.const 2)))',
  );
  expect(run(results, variant)).toMatchObject({ trap: undefined, gas: 3n });
});

/** Runs both variants on a thread with the stack of an executor; what they agree on. */
async function inDeepStack(
  text: string,
): Promise<{ status: number; calls: number; gas: bigint; trap: string | undefined }> {
  const { Worker } = await import('node:worker_threads');
  const exe = exeOf(text);
  const outcomes = [];
  for (const variant of variants) {
    const { code } = instrument(exe, variant);
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const memory = new WebAssembly.Memory({ initial: workerData.pages, maximum: workerData.pages });
       let calls = 0;
       const instance = new WebAssembly.Instance(new WebAssembly.Module(workerData.code), { env: { memory, ret() { calls += 1; } } });
       const { $reset, $limit, $gas, $status, call } = instance.exports;
       $reset();
       $limit.value = 10n ** 15n;
       let trap;
       try { call(); } catch (error) { trap = error.message; }
       parentPort.postMessage({ status: $status.value, calls, gas: $gas.value, trap });`,
      {
        eval: true,
        workerData: { code, pages: instrument(exe, variant).memoryPages },
        resourceLimits: { stackSizeMb: 32 },
      },
    );
    outcomes.push(
      await new Promise<{ status: number; calls: number; gas: bigint; trap: string | undefined }>(
        (resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        },
      ),
    );
    await worker.terminate();
  }
  const [exact, fast] = outcomes;
  if (exact === undefined || fast === undefined) throw new Error('both variants ran');
  expect({ ...fast, gas: 0n }).toEqual({ ...exact, gas: 0n });
  return exact;
}
