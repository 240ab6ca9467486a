import { equalBytes } from '@enigma-worker/crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallOutcome } from '#vm/call.js';
import { Engine, type ContractCode } from '#vm/engine.js';
import { compute, contract, exe, success } from './support/contract.js';
import { scribble, scribbler, steps, type Step } from './support/scribbler.js';

const contracts: readonly ContractCode[] = [
  exe(scribbler()),
  exe(scribbler({ grows: true })),
  exe(scribbler({ drops: true })),
  exe(scribbler({ grows: true, drops: true })),
];
const state = new Map([['', '"what the host writes"']]);

function run(engine: Engine, which: number, list: readonly Step[]): CallOutcome {
  return compute(engine, contracts[which]!, { args: steps(list), state });
}

/** What a call gives that nothing came before. */
function alone(which: number, list: readonly Step[]): CallOutcome {
  using engine = new Engine({ memories: 1 });
  return run(engine, which, list);
}

function expectSame(outcome: CallOutcome, expected: CallOutcome): void {
  expect({ ...outcome, result: undefined }).toEqual({ ...expected, result: undefined });
  if (outcome.ok && expected.ok) expect(equalBytes(outcome.result, expected.result)).toBe(true);
}

const pageBytes = 65_536;
const everything: readonly Step[] = [
  [scribble.setGlobal, 77, 88, 0],
  [scribble.grow, 8, 0, 0],
  [scribble.fill, 120 * pageBytes, 8 * pageBytes, 0xaa],
  [scribble.fill, 0, 7_000_000, 0xaa],
  [scribble.init, 5_000, 0, 0],
  [scribble.dropData, 0, 0, 0],
  [scribble.copyTable, 0, 0, 0],
  [scribble.readState, 6_000_000, 0, 0],
];

describe('a call', () => {
  const untouched = contracts.map((_, which) => alone(which, []));

  it.each([0, 1, 2, 3])('sees nothing of an earlier call of the same contract (%i)', (which) => {
    using engine = new Engine({ memories: 1 });
    for (const last of [[], [[scribble.trap, 0, 0, 0]], [[scribble.hostTrap, 0, 0, 0]]] as const) {
      // A contract that cannot grow its memory fails in the middle of it; that counts as well.
      run(engine, which, [...everything, ...last]);
      expectSame(run(engine, which, []), untouched[which]!);
      run(engine, which, [...everything.filter(([step]) => step !== scribble.fill), ...last]);
      expectSame(run(engine, which, []), untouched[which]!);
    }
  });

  it.each([1, 2, 4])('sees nothing of other contracts, with %i memories', (memories) => {
    using engine = new Engine({ memories });
    for (let round = 0; round < 16; round++) {
      run(engine, round % 4, everything);
      const next = (round + (round >> 2)) % 4;
      expectSame(run(engine, next, []), untouched[next]!);
    }
  });

  it.each([0, 1])('sees nothing of a store across the border of two chunks (%i)', (which) => {
    using engine = new Engine({ memories: 1 });
    for (const border of [2 * 131_072, 12 * 131_072, 50 * 131_072]) {
      for (const before of [1, 2, 3]) {
        run(engine, which, [[scribble.store, border - before, 0x7f7f7f7f, 0]]);
        expectSame(run(engine, which, []), untouched[which]!);
      }
    }
  });

  it('sees nothing of a call that ran out of gas', () => {
    using engine = new Engine({ memories: 1 });
    for (let gasLimit = 0n; gasLimit < 3_000_000n; gasLimit += 250_000n) {
      compute(engine, contracts[1]!, { args: steps(everything), state, gasLimit });
      expectSame(run(engine, 1, []), untouched[1]!);
    }
  });

  it('gives a result that no later call changes', () => {
    using engine = new Engine({ memories: 1 });
    const text = contract(
      '(call $fetch_args (i32.const 0)) (call $ret (i32.const 0) (call $fetch_args_length))',
    );
    const code = exe(text);
    const first = success(compute(engine, code, { args: new Uint8Array([1, 2, 3, 4]) })).result;
    const second = success(compute(engine, code, { args: new Uint8Array([9]) })).result;
    expect([first, second]).toEqual([new Uint8Array([1, 2, 3, 4]), new Uint8Array([9])]);
    expect(first.buffer.byteLength).toBe(4);
    expect(success(compute(engine, contract(''))).result).toHaveLength(0);
  });

  it('sees neither the writes nor the randomness of another', () => {
    using engine = new Engine({ memories: 1 });
    const code = exe(
      contract(
        `(call $read_state (i32.const 0) (i32.const 1) (i32.const 100))
         (call $rand (i32.const 200) (i32.const 32))
         (call $write_state (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 2))
         (call $ret (i32.const 100) (i32.const 132))`,
        '(data (i32.const 0) "k77")',
      ),
    );
    const [first, second] = [success(compute(engine, code)), success(compute(engine, code))];
    expect(new TextDecoder().decode(second.result.subarray(0, 4))).toBe('null');
    expect(equalBytes(first.result.subarray(100), second.result.subarray(100))).toBe(false);
    expect([first.writes, second.writes]).toEqual([new Map([['k', '77']]), new Map([['k', '77']])]);
  });

  it.each([
    ['takes operands that are not there', 'i32.const 1 i32.store local.get $other drop'],
    ['opens a block with a parameter that is not there', 'block (param i32) drop local.get $other drop end'],
    [
      'opens a block with more of them than there are',
      'i32.const 2 block (param i32 i32) drop drop local.get $other drop end',
    ],
  ])('sees nothing of a store whose address lay below dead code that %s', (_, dead) => {
    using engine = new Engine({ memories: 1 });
    const code = exe(
      contract(`(local $address i32) (local $other i32)
        (local.set $address (i32.const 300000))
        (call $ret (local.get $address) (i32.const 4))
        local.get $address
        block $around br $around ${dead} end
        i32.const 0x53454352
        i32.store`),
    );
    for (let call = 0; call < 3; call++) {
      expect(success(compute(engine, code)).result).toEqual(new Uint8Array(4));
    }
  });

  it('gives what it would give alone, whatever came before', () => {
    const address = fc.oneof(
      fc.nat(7_864_320),
      fc.constantFrom(131_064, 131_071, 1_099_999, 1_369_998, 7_864_312),
    );
    const length = fc.oneof(fc.nat(1_000), fc.nat(600_000));
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.tuple(fc.constantFrom(scribble.store, scribble.storeByte), address, fc.nat(), fc.constant(0)),
      fc.tuple(fc.constant(scribble.fill), address, length, fc.nat(255)),
      fc.tuple(fc.constant(scribble.copy), address, address, length),
      fc.tuple(fc.constantFrom(scribble.setGlobal, scribble.readState), address, fc.nat(), fc.constant(0)),
      fc.tuple(fc.constantFrom(scribble.grow), fc.nat(8), fc.constant(0), fc.constant(0)),
      fc.tuple(
        fc.constantFrom(scribble.init, scribble.dropData, scribble.copyTable),
        address,
        fc.constant(0),
        fc.constant(0),
      ),
    );
    const call = fc.tuple(fc.nat(3), fc.array(step, { maxLength: 6 }));
    using engine = new Engine({ memories: 2 });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 4 }), (calls) => {
        for (const [which, list] of calls) expectSame(run(engine, which, list), alone(which, list));
      }),
      { numRuns: 40 },
    );
  });
});
