import { equalBytes, utf8 } from '@enigma-worker/crypto';
import { describe, expect, it } from 'vitest';
import type { CallOutcome } from '#vm/call.js';
import { Engine } from '#vm/engine.js';
import { codeOf, compute, contract, exe, success } from './support/contract.js';

/** Some of everything: loops, calls through a table, memory, state, arguments. */
const body = `(local $i i32)
  (call $fetch_args (i32.const 1000))
  (call $read_state (i32.const 0) (i32.const 1) (i32.const 2000))
  (loop $again
    (i32.store (i32.add (i32.const 3000) (i32.and (local.get $i) (i32.const 0xffff)))
      (call_indirect (type $mix) (local.get $i) (i32.and (local.get $i) (i32.const 1))))
    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000))))
  (call $write_state (i32.const 0) (i32.const 1) (i32.const 1000) (call $fetch_args_length))`;
const fields = `(type $mix (func (param i32) (result i32)))
  (global $seed (mut i32) (i32.const 12345))
  (table funcref (elem $xor $multiply))
  (func $xor (param i32) (result i32)
    (global.set $seed (i32.xor (global.get $seed) (i32.mul (local.get 0) (i32.const 2654435761))))
    (global.get $seed))
  (func $multiply (param i32) (result i32)
    (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
    (i32.rem_u (global.get $seed) (i32.add (i32.load8_u (i32.const 1000)) (i32.const 1))))
  (data (i32.const 0) "k")`;
const endings = {
  success: '(call $ret (i32.const 1000) (i32.const 70000))',
  trap: '(loop (br_if 0 (i32.const 0)) (drop (i32.div_u (i32.const 1) (i32.load (i32.const 900000)))))',
};

const task = { args: utf8('[1,2,3]'), state: new Map([['k', '"something longer"']]) };

function expectSame(outcome: CallOutcome, expected: CallOutcome): void {
  expect({ ...outcome, result: undefined }).toEqual({ ...expected, result: undefined });
  if (outcome.ok && expected.ok) expect(equalBytes(outcome.result, expected.result)).toBe(true);
}

describe('the same call', () => {
  it.each(Object.entries(endings))('has the same outcome in 1,000 runs: %s', (_, end) => {
    const code = exe(contract(`${body} ${end}`, fields));
    const other = exe(contract('(memory.fill (i32.const 0) (i32.const 255) (i32.const 200000))'));
    using warm = new Engine();
    using shared = new Engine({ memories: 1 });
    using tiny = new Engine({ moduleCacheBytes: 1 });
    const expected = compute(warm, code, task);
    expect(expected.usedGas).toBeGreaterThan(40_000n);
    for (let run = 0; run < 250; run++) {
      expectSame(compute(warm, code, task), expected); // a used instance
      compute(shared, other);
      expectSame(compute(shared, code, task), expected); // a memory that another contract had
      compute(tiny, other);
      expectSame(compute(tiny, code, task), expected); // a module compiled again
      if (run % 5 !== 0) continue;
      using cold = new Engine();
      expectSame(compute(cold, code, task), expected); // everything new
    }
  });

  it('fails the same below each limit of gas, whether the code is fast or exact', () => {
    const code = exe(contract(`${body} ${endings.trap}`, fields));
    using engine = new Engine();
    const full = compute(engine, code, task);
    for (const short of [1n, 2n, 100n, 10_000n, 40_000n]) {
      const gasLimit = full.usedGas - short;
      expect(compute(engine, code, { ...task, gasLimit })).toEqual({
        ok: false,
        message: 'Invocation resulted in gas limit violated',
        usedGas: gasLimit,
      });
    }
    expect(compute(engine, code, { ...task, gasLimit: full.usedGas })).toEqual(full);
  });

  it('gives a deployed contract the same code and price each time', () => {
    const text = contract(`${body} ${endings.success}`, fields);
    const code = exe(text);
    using engine = new Engine();
    const outcome = success(compute(engine, code, task));
    const reloaded = codeOf(code.load().slice());
    expectSame(compute(engine, reloaded, task), outcome);
  });

  it('has the same bits of NaN in each tier of V8', () => {
    const made = [
      '(f64.div (f64.const 0) (f64.const 0))',
      '(f64.neg (f64.div (f64.const 0) (f64.const 0)))',
      '(f64.sub (f64.const inf) (f64.const inf))',
      '(f64.sqrt (f64.const -1))',
      '(f64.mul (f64.load (i32.const 224)) (f64.const inf))',
      '(f64.add (f64.load (i32.const 200)) (f64.load (i32.const 208)))',
      '(f64.add (f64.load (i32.const 208)) (f64.load (i32.const 200)))',
      '(f64.min (f64.load (i32.const 200)) (f64.load (i32.const 208)))',
      '(f64.floor (f64.load (i32.const 216)))',
      '(f64.add (f64.const nan:0x123) (f64.const 1))',
      '(f64.promote_f32 (f32.div (f32.const 0) (f32.const 0)))',
      '(f64.promote_f32 (f32.demote_f64 (f64.load (i32.const 216))))',
      '(f64.promote_f32 (f32.max (f32.load (i32.const 204)) (f32.const 1)))',
    ];
    // Moved, not computed: all of its bits stay.
    const moved = [
      '(f64.load (i32.const 216))',
      '(f64.const nan:0x123)',
      '(f64.copysign (f64.load (i32.const 216)) (f64.const -1))',
    ];
    const stores = [...made, ...moved]
      .map((value, index) => `(f64.store (i32.const ${8 * index}) ${value})`)
      .join(' ');
    const code = exe(
      contract(
        `(local $i i32)
        (loop $again (call $all) (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
        (call $ret (i32.const 0) (i32.const 128))`,
        `(func $all ${stores})
         (data (i32.const 200) "\\01\\00\\00\\00\\00\\00\\f8\\7f\\02\\00\\00\\00\\00\\00\\f8\\ff\\03\\00\\00\\00\\00\\00\\f0\\7f")`,
      ),
    );
    using engine = new Engine();
    for (let run = 0; run < 1_000; run++) {
      const bits = new BigUint64Array(success(compute(engine, code)).result.slice().buffer);
      const nan = 0xfff8_0000_0000_0000n;
      expect([...bits]).toEqual([
        ...made.map((value) => (value.startsWith('(f64.neg') ? nan ^ (1n << 63n) : nan)),
        0x7ff0_0000_0000_0003n,
        0x7ff0_0000_0000_0123n,
        0xfff0_0000_0000_0003n,
      ]);
    }
  });
});
