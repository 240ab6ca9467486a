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
});
