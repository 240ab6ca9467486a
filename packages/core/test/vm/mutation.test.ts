import { describe, expect, it } from 'vitest';
import { Engine } from '#vm/engine.js';
import { buildContract } from '#vm/wasm/build.js';
import { callOf, codeOf, compute, contract, success } from './support/contract.js';
import { scribble, scribbler, steps } from './support/scribbler.js';
import { wat } from './support/wat.js';

/** Numbers that are the same in each run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const interesting = [
  0x00, 0x01, 0x0b, 0x10, 0x11, 0x40, 0x41, 0x60, 0x70, 0x7e, 0x7f, 0x80, 0xfc, 0xfd, 0xff,
];

/** A copy with a few bytes changed, removed or repeated. */
function mutated(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  const result = [...bytes];
  for (let change = next(2); change >= 0; change--) {
    const at = next(result.length);
    const value = next(2) === 0 ? next(256) : interesting[next(interesting.length)]!;
    const kind = next(12);
    if (kind === 0) result.splice(at, 1);
    else if (kind === 1) result.splice(at, 0, value);
    else if (kind === 2) result.splice(at, 0, ...result.slice(at, at + next(20)));
    else result[at] = value;
  }
  return new Uint8Array(result);
}

// Without the large data segment, so that mutations meet code.
const small = (text: string): Uint8Array => wat(text.replaceAll(/(more data)+/g, 'more data'));
const modules = [
  small(scribbler({ grows: true, drops: true })),
  small(
    contract(
      `(local $i i32) (loop $l (call_indirect (type $t) (i32.const 0)) (call $g (i32.const 3) (i64.const 4))
         (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
       (call $write_state (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 2))
       (block (block (br_table 0 1 0 (i32.const 1)) (nop)) (call $ret (i32.const 0) (i32.const 4)))`,
      `(type $t (func)) (table 4 8 funcref) (elem (i32.const 0) $f $f) (func $f (call $gas (i32.const 1)))
       (func $g (param i32 i64) (local f64 f32) (local.set 2 (f64.convert_i64_s (local.get 1)))
         (if (i32.eqz (local.get 0)) (then (return)) (else (drop (i32.div_s (i32.const 7) (local.get 0))))))
       (data (i32.const 0) "k12") (global (mut f64) (f64.const 1.5))`,
    ),
  ),
];
const args = steps([
  [scribble.fill, 0, 100, 1],
  [scribble.grow, 1, 0, 0],
  [scribble.init, 9, 0, 0],
]);

describe('a mutated module', () => {
  it('never makes the host throw, hang or grow', () => {
    const next = numbers(2026);
    const rounds = 1_500;
    using engine = new Engine({ moduleCacheBytes: 1 << 20 });
    const honest = contract('(call $ret (i32.const 0) (i32.const 100))');
    const task = { args, gasLimit: 20_000n };
    let [refused, ran] = [0, 0];
    let before = 0;
    for (let round = 0; round < rounds; round++) {
      const module = modules[round % modules.length]!;
      const code = mutated(buildContract(module).exe, next);
      const outcomes = [
        engine.deploy(codeOf(mutated(module, next)), callOf('deploy', task)),
        // As if a peer had sent it as exe code.
        engine.compute({ hash: code, load: () => code }, callOf('compute', task)),
      ];
      for (const outcome of outcomes) {
        expect(outcome.usedGas <= task.gasLimit).toBe(true);
        if (!outcome.ok) expect(outcome.message).toMatch(/^(Error in execution of |Invocation )/);
        if (outcome.usedGas > 0n) ran++;
        else refused++;
      }
      if (round === 500) before = process.memoryUsage().rss;
    }
    expect(refused).toBeGreaterThan(rounds / 10);
    expect(ran).toBeGreaterThan(rounds / 10);
    expect(process.memoryUsage().rss / before).toBeLessThan(1.5);
    expect(success(compute(engine, honest)).result).toEqual(new Uint8Array(100));
  }, 120_000);
});
