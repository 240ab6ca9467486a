import { equalBytes, utf8 } from '@enigma-worker/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UNCOUNTED } from '#vm/cache-use.js';
import { Engine } from '#vm/engine.js';
import { buildContract } from '#vm/wasm/build.js';
import { callOf, codeOf, compute, contract, deploy, exe, failure, success } from './support/contract.js';
import { wat } from './support/wat.js';

const outOfGas = 'Invocation resulted in gas limit violated';
const execution = (reason: string): string => `Error in execution of WASM code: ${reason}`;

let engine: Engine;
beforeAll(() => {
  engine = new Engine();
});
afterAll(() => engine.close());

describe('compute', () => {
  it('pays 10,000 after the run', () => {
    // One block that holds nothing but its end: 1.
    expect(success(compute(engine, contract('')))).toMatchObject({
      usedGas: 10_001n,
      result: new Uint8Array(0),
    });
  });

  // 1 for the block, i32.const twice, call: 4. Then 10 and 5 bytes for the value.
  const writes = contract(
    '(call $write_state (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 5))',
    '(data (i32.const 0) "k12345")',
  );
  const price = 1n + 5n + 15n + 10_000n;

  it('pays for the state it writes', () => {
    const outcome = success(compute(engine, writes));
    expect(outcome.usedGas).toBe(price);
    expect(outcome.writes).toEqual(new Map([['k', '12345']]));
    expect(outcome.ethereum).toBeUndefined();
  });

  it('is refunded for the state it shrinks', () => {
    const state = new Map([['k', '"a text of 21 bytes"']]);
    expect(state.get('k')).toHaveLength(20);
    expect(success(compute(engine, writes, { state })).usedGas).toBe(1n + 5n + 10_000n - 15n);
  });

  it('may reach the limit exactly, and fails one below it with all gas used', () => {
    expect(success(compute(engine, writes, { gasLimit: price })).usedGas).toBe(price);
    const short = failure(compute(engine, writes, { gasLimit: price - 1n }));
    expect(short).toEqual({ ok: false, message: outOfGas, usedGas: price - 1n });
  });

  it.each([0n, 1n, 5n, 6n, 7n, 20n, 21n, 22n, 9_999n])('uses up a limit of %i', (gasLimit) => {
    expect(failure(compute(engine, writes, { gasLimit }))).toEqual({
      ok: false,
      message: outOfGas,
      usedGas: gasLimit,
    });
  });

  it('takes the greatest limit there is', () => {
    expect(success(compute(engine, writes, { gasLimit: 2n ** 64n - 1n })).usedGas).toBe(price);
    const loop = contract('(loop (call $gas (i32.const -1)) (br 0))');
    const gasLimit = 2n ** 40n;
    expect(failure(compute(engine, loop, { gasLimit }))).toEqual({
      ok: false,
      message: outOfGas,
      usedGas: gasLimit,
    });
  });

  it('does not apply a refund to what is limited', () => {
    const state = new Map([['k', '"a text of 21 bytes"']]);
    expect(failure(compute(engine, writes, { state, gasLimit: 10_005n })).usedGas).toBe(10_005n);
    expect(success(compute(engine, writes, { state, gasLimit: 10_006n })).usedGas).toBe(9_991n);
  });

  it('gives the contract its name, arguments and state, and takes the last result', () => {
    const echo = contract(
      `(call $fetch_function_name (i32.const 0))
       (call $fetch_args (call $fetch_function_name_length))
       (call $ret (i32.const 0) (i32.const 1))
       (call $ret (i32.const 0) (i32.add (call $fetch_function_name_length) (call $fetch_args_length)))`,
    );
    const outcome = success(compute(engine, echo, { functionName: 'add', args: utf8('(1,2)') }));
    expect(new TextDecoder().decode(outcome.result)).toBe('add(1,2)');
  });

  it('gives the last call of Ethereum', () => {
    const calls = contract(
      `(call $write_eth_bridge (i32.const 0) (i32.const 3) (i32.const 10))
       (call $write_eth_bridge (i32.const 1) (i32.const 2) (i32.const 11))`,
      '(data (i32.const 0) "abc") (data (i32.const 11) "aaaaaaaaaaaaaaaaaaaa")',
    );
    expect(success(compute(engine, calls)).ethereum).toEqual({
      payload: utf8('bc'),
      address: utf8('a'.repeat(20)),
    });
  });

  it('starts with the memory that every contract has', () => {
    const size = contract('(i32.store8 (i32.const 0) (memory.size)) (call $ret (i32.const 0) (i32.const 1))');
    expect(success(compute(engine, size)).result).toEqual(new Uint8Array([120]));
  });

  it('runs what is there at first, not what comes later under the same hash', () => {
    const code = codeOf(buildContract(wat(contract('(call $ret (i32.const 0) (i32.const 3))'))).exe);
    expect(success(compute(engine, code)).result).toHaveLength(3);
    const loads = { hash: code.hash, load: () => expect.fail('loaded again') };
    expect(success(compute(engine, loads)).result).toHaveLength(3);
  });
});

describe('deploy', () => {
  const module = (body: string): string =>
    `(module (import "env" "gas" (func $gas (param i32))) (memory 1)
       (func (export "deploy") ${body}) (func (export "call") (nop)))`;

  it('gives exe code and pays for each byte of it', () => {
    const text = module('');
    const { exe } = buildContract(wat(text));
    const outcome = success(deploy(engine, text));
    expect(equalBytes(outcome.result, exe)).toBe(true);
    // Constructor: 1 for the block, call, two constants, call; deploy: 1 for the block.
    const price = 5n + 1n + BigInt(exe.length);
    expect(outcome.usedGas).toBe(price);
    expect(success(deploy(engine, text, { gasLimit: price })).usedGas).toBe(price);
    expect(failure(deploy(engine, text, { gasLimit: price - 1n }))).toEqual({
      ok: false,
      message: outOfGas,
      usedGas: price - 1n,
    });
  });

  it('pays for what the constructor does', () => {
    const idle = success(deploy(engine, module('')));
    const busy = success(deploy(engine, module('(call $gas (i32.const 1000))')));
    expect(busy.usedGas - idle.usedGas).toBe(1002n);
  });

  it('runs the module itself when there is no constructor', () => {
    const outcome = success(deploy(engine, contract('(call $ret (i32.const 0) (i32.const 7))')));
    expect(outcome.result).toHaveLength(7);
    expect(outcome.usedGas).toBe(1n + 3n + 7n);
  });

  it('gives what the constructor wrote, and lets the code be called', () => {
    const text = `(module (import "env" "write_state" (func $write_state (param i32 i32 i32 i32))) (memory 1)
      (data (i32.const 0) "k1") (global $n (mut i32) (i32.const 5))
      (func (export "deploy") (call $write_state (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1)))
      (func (export "call") (call $write_state (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1))))`;
    const outcome = success(deploy(engine, text));
    expect(outcome.writes).toEqual(new Map([['k', '1']]));
    expect(success(compute(engine, codeOf(outcome.result))).writes).toEqual(new Map([['k', '1']]));
  });

  it('builds code once that is deployed again and again, and shows no deployment another one', () => {
    let built = 0;
    using counted = new Engine();
    // Returns the byte it was given, and those that the deployments before would have left.
    const echo = wat(
      contract(`(call $fetch_args (i32.add (i32.const 100) (i32.load8_u (i32.const 0))))
        (call $fetch_args (i32.const 0)) (call $ret (i32.const 0) (i32.const 200))`),
    );
    const code = { hash: codeOf(echo).hash, load: () => (built++, echo) };
    const given = (byte: number): Uint8Array => {
      const { result } = success(counted.deploy(code, callOf('deploy', { args: Uint8Array.of(byte) })));
      return result.filter((value) => value !== 0);
    };
    for (const byte of [1, 2, 3]) expect(given(byte)).toEqual(Uint8Array.of(byte, byte));
    expect(built).toBe(1);
    failure(counted.deploy(codeOf(utf8('not a module')), callOf('deploy')));
    expect(given(4)).toEqual(Uint8Array.of(4, 4));
    success(deploy(counted, module('')));
    expect(given(5)).toEqual(Uint8Array.of(5, 5));
    expect(built).toBe(2);
  });
});

describe('failures', () => {
  const table = '(type $t (func)) (table 2 funcref) (elem (i32.const 0) $other) (func $other (param i32))';
  it.each([
    ['unreachable', '(unreachable)', '', 2n],
    ['memory access out of bounds', '(drop (i32.load (i32.const -1)))', '', 5n],
    ['memory access out of bounds', '(i64.store (i32.const 7864313) (i64.const 0))', '', 5n],
    ['table access out of bounds', '(call_indirect (type $t) (i32.const 2))', table, 3n],
    ['unexpected signature', '(call_indirect (type $t) (i32.const 0))', table, 3n],
    ['unexpected signature', '(call_indirect (type $t) (i32.const 1))', table, 3n],
    ['division by zero', '(drop (i32.div_s (i32.const 1) (i32.const 0)))', '', 20n],
    ['division by zero', '(drop (i64.rem_u (i64.const 1) (i64.const 0)))', '', 20n],
    ['invalid conversion to int', '(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))', '', 20n],
    ['invalid conversion to int', '(drop (i32.trunc_f64_s (f64.const nan)))', '', 4n],
  ] as const)('%s: %s', (reason, body, fields, usedGas) => {
    for (let round = 0; round < 3; round++) {
      expect(compute(engine, contract(body, fields))).toEqual({
        ok: false,
        message: execution(reason),
        usedGas,
      });
    }
  });

  it('counts up to the trap inside a loop', () => {
    // 1 + 1 for the function and `loop`; 1 + 9 for each of 10 rounds, then 1 + 1 more for the arm that traps.
    const body = `(loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (if (i32.eq (local.get $i) (i32.const 10)) (then (unreachable)))
        (br $again))`;
    const outcome = failure(compute(engine, contract(`(local $i i32) ${body}`)));
    expect(outcome).toEqual({ ok: false, message: execution('unreachable'), usedGas: 2n + 10n * 10n + 2n });
  });

  it('counts the same at a trap that depends on chance', () => {
    // A random number of rounds; the same seed on both sides, one of which traps at the end.
    const body = (end: string): string => `(local $i i32)
      (call $rand (i32.const 0) (i32.const 2))
      (local.set $i (i32.load16_u (i32.const 0)))
      (loop $again (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if $again (i32.gt_s (local.get $i) (i32.const 0))))
      ${end}`;
    for (let seed = 0; seed < 5; seed++) {
      using seeded = new Engine({ randomFill: (target) => target.fill(seed) });
      const used = success(compute(seeded, contract(body('(nop)')))).usedGas - 10_000n;
      expect(failure(compute(seeded, contract(body('(unreachable)')))).usedGas).toBe(used);
    }
  });

  it('does not refund a call that traps', () => {
    const shrink = contract(
      `(call $gas (i32.const 1000)) (call $write_state (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1)) (unreachable)`,
      '(data (i32.const 0) "k1")',
    );
    const state = new Map([['k', '"a text of 21 bytes"']]);
    expect(failure(compute(engine, shrink, { state })).usedGas).toBe(1n + 1002n + 5n + 1n);
  });

  it('counts up to the host function that stops the contract', () => {
    const rounds = (name: string): string =>
      contract(
        `(local $i i32) (loop $again
         (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (if (i32.eq (local.get $i) (i32.const 10)) (then ${name}))
         (br $again))`,
      );
    const used = 2n + 10n * 10n + 1n;
    expect(failure(compute(engine, rounds('(call $ret (i32.const -1) (i32.const 1))')))).toEqual({
      ok: false,
      message: execution('memory access out of bounds'),
      usedGas: used + 3n,
    });
    expect(
      failure(
        compute(engine, rounds('(call $decrypt (i32.const 0) (i32.const 40) (i32.const 0) (i32.const 0))')),
      ),
    ).toEqual({
      ok: false,
      message: execution('decrypt: the envelope does not open under this key'),
      usedGas: used + 5n,
    });
    // Two bytes of memory, which are zero: charged, then refused.
    expect(
      failure(
        compute(
          engine,
          rounds('(call $write_state (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2))'),
        ),
      ),
    ).toEqual({
      ok: false,
      message: execution('write_state: the value is not JSON: JSON: expected a value at position 0'),
      usedGas: used + 5n + 12n,
    });
  });

  it('takes the instance of a call that failed for the next one', () => {
    let made = 0;
    const instances = { hit: () => undefined, miss: () => void made++ };
    using counted = new Engine({ cacheUse: { modules: UNCOUNTED, instances } });
    const code = exe(
      contract('(call $write_state (i32.const 0) (i32.const 1) (i32.const -1) (i32.const 1)) (unreachable)'),
    );
    const trap = exe(contract('(unreachable)'));
    for (let round = 0; round < 5; round++) {
      failure(compute(counted, code));
      failure(compute(counted, trap));
      failure(compute(counted, trap, { gasLimit: 0n }));
    }
    // One of each, and one of the exact code that says what the gas was at the trap.
    expect(made).toBe(3);
  });

  it('costs nothing when the module is refused', () => {
    for (const bytes of [
      new Uint8Array(0),
      utf8('not a module'),
      wat('(module)'),
      wat('(module (memory 1))'),
    ]) {
      for (const outcome of [
        engine.compute(codeOf(bytes), callOf('compute')),
        engine.deploy(codeOf(bytes), callOf('deploy')),
      ]) {
        expect(failure(outcome).usedGas).toBe(0n);
        expect(failure(outcome).message).toMatch(/^Error in execution of /);
      }
    }
  });

  it('prints each line once, though the call is repeated to count its gas', () => {
    const said: string[] = [];
    using talking = new Engine({ print: (line) => said.push(line) });
    const body = '(call $eprint (i32.const 0) (i32.const 2)) (loop (br_if 0 (i32.const 0)) (unreachable))';
    failure(compute(talking, contract(body, '(data (i32.const 0) "hi")')));
    expect(said).toEqual(['hi']);
  });
});

describe('close', () => {
  it('may be called twice, and ends the engine', () => {
    const closed = new Engine();
    closed.close();
    closed.close();
    expect(() => compute(closed, contract(''))).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
});
