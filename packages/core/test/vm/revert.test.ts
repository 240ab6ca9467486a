import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '#vm/engine.js';
import { compute, contract, failure, success } from './support/contract.js';

let engine: Engine;
beforeAll(() => {
  engine = new Engine();
});
afterAll(() => engine.close());

/** A contract that prints a text, and does something then. */
function printing(text: string, then: string): string {
  return contract(
    `(local i32) (call $eprint (i32.const 0) (i32.const ${text.length})) ${then}`,
    `(data (i32.const 0) "${text}")`,
  );
}

const unreachable = 'Error in execution of WASM code: unreachable';

describe('the reason of a revert', () => {
  it('is added to the text of the failed task, at the same gas', () => {
    const reason = failure(compute(engine, printing('revert: too low', '(unreachable)')));
    expect(reason.message).toBe(`${unreachable}: too low`);
    const other = failure(compute(engine, printing('printed too low', '(unreachable)')));
    expect(other).toEqual({ ok: false, message: unreachable, usedGas: reason.usedGas });
  });

  it('counts only as the last line, and only before a trap that the contract asks for', () => {
    const spoken = '(call $eprint (i32.const 0) (i32.const 3)) (unreachable)';
    expect(failure(compute(engine, printing('revert: too low', spoken))).message).toBe(unreachable);
    const divided = '(drop (i32.div_u (i32.const 1) (i32.const 0)))';
    expect(failure(compute(engine, printing('revert: too low', divided))).message).toBe(
      'Error in execution of WASM code: division by zero',
    );
    expect(success(compute(engine, printing('revert: too low', ''))).ok).toBe(true);
    // The next call knows nothing of it.
    expect(failure(compute(engine, contract('(unreachable)'))).message).toBe(unreachable);
  });

  it('is known after code that had to run again for its gas', () => {
    const loops =
      '(loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br_if $l (i32.lt_u (local.get 0) (i32.const 9))))';
    const outcome = failure(compute(engine, printing('revert: too low', `${loops} (unreachable)`)));
    expect(outcome.message).toBe(`${unreachable}: too low`);
  });
});
