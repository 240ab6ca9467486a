import { equalBytes } from '@enigma-worker/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '#vm/engine.js';
import { buildContract } from '#vm/wasm/build.js';
import { moduleOf, u32 } from './support/binary.js';
import { callOf, codeOf, compute, contract, deploy, exe, failure, success } from './support/contract.js';
import { onThread } from './support/thread.js';
import { wat } from './support/wat.js';

const outOfGas = 'Invocation resulted in gas limit violated';
const execution = (reason: string): string => `Error in execution of WASM code: ${reason}`;

let engine: Engine;
beforeAll(() => {
  engine = new Engine();
});
afterAll(() => {
  // Whatever was tried above, an honest contract still runs as ever.
  expect(success(compute(engine, contract('(call $ret (i32.const 0) (i32.const 2))'))).result).toEqual(
    new Uint8Array(2),
  );
  engine.close();
});

describe('time', () => {
  it.each([
    ['a loop', contract('(loop (br 0))')],
    [
      'a loop without a branch back in sight',
      contract('(loop $a (block $b (br_table $b $a (i32.const 1))))'),
    ],
    ['a loop of host calls', contract('(loop (call $ret (i32.const 0) (i32.const 9)) (br 0))')],
    ['two functions that loop', contract('(loop (call $g) (br 0))', '(func $g (loop (nop)))')],
    [
      'a loop through a table',
      contract(
        '(loop (call_indirect (type $t) (i32.const 0)) (br 0))',
        '(type $t (func)) (table funcref (elem $g)) (func $g)',
      ),
    ],
  ])('%s ends with the gas', (_, module) => {
    for (const gasLimit of [1_000n, 1_000_000n]) {
      expect(compute(engine, module, { gasLimit })).toEqual({
        ok: false,
        message: outOfGas,
        usedGas: gasLimit,
      });
    }
  });

  it('charges a bulk operation before it acts', () => {
    const fill = contract('(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 7000000)) (br 0))');
    expect(failure(compute(engine, fill, { gasLimit: 10_000_000n })).usedGas).toBe(10_000_000n);
    const out = contract('(memory.fill (i32.const 0) (i32.const 1) (i32.const -1))');
    // 1 for the block, three constants, 2 for the fill, and a word for each 8 of 2^32-1 bytes begun.
    expect(failure(compute(engine, out))).toEqual({
      ok: false,
      message: execution('memory access out of bounds'),
      usedGas: 1n + 3n + 2n + 2n ** 29n,
    });
  });
});

describe('recursion', () => {
  const modules = {
    direct: contract('(call $f)', '(func $f (call $f))'),
    mutual: contract('(call $f)', '(func $f (call $g)) (func $g (call $f))'),
    'through a table': contract(
      '(call_indirect (type $t) (i32.const 0))',
      '(type $t (func)) (table funcref (elem $f)) (func $f (call_indirect (type $t) (i32.const 0)))',
    ),
    'with many locals': contract(
      '(call $f)',
      `(func $f (local ${'i64 '.repeat(500)}) ${Array.from({ length: 500 }, (_, i) => `(local.set ${i} (i64.load (i32.const ${i})))`).join(' ')}
        (call $f) ${Array.from({ length: 500 }, (_, i) => `(i64.store (i32.const ${i}) (local.get ${i}))`).join(' ')})`,
    ),
    'with many arguments': contract(
      `(call $f ${'(i64.const 1) '.repeat(50)})`,
      `(func $f (param ${'i64 '.repeat(50)}) (call $f ${Array.from({ length: 50 }, (_, i) => `(local.get ${49 - i})`).join(' ')}))`,
    ),
    'of call itself': '(module (memory 1) (func $call (export "call") (call $call)))',
    'inside loops': contract('(call $f)', '(func $f (loop (call $f) (br 0)))'),
    'with a result': contract(
      '(drop (call $f (i32.const 1)))',
      '(func $f (param i32) (result i32) (i32.add (call $f (local.get 0)) (call $f (local.get 0))))',
    ),
  };

  it('ends at the limit of the stack, the same each time, in any tier', async () => {
    const calls = Object.values(modules).map((text) => ({
      kind: 'compute' as const,
      bytes: exe(text).load(),
    }));
    const outcomes = await onThread([...calls, ...calls, ...calls]);
    outcomes.forEach((outcome, index) => {
      expect(outcome).toEqual(outcomes[index % calls.length]);
      expect(failure(outcome).message).toMatch(/: (unreachable|stack overflow)$/);
      expect(failure(outcome).usedGas).toBeGreaterThan(100n);
    });
  });

  it('ends with the gas when that is used up first', async () => {
    const calls = Object.values(modules).map((text) => ({
      kind: 'compute' as const,
      bytes: exe(text).load(),
      gasLimit: 1_000n,
    }));
    for (const outcome of await onThread(calls)) {
      expect(failure(outcome)).toEqual({ ok: false, message: outOfGas, usedGas: 1_000n });
    }
  });

  it('makes no receipt when the thread has too little stack', () => {
    expect(() => compute(engine, modules.direct)).toThrow(
      expect.objectContaining({
        code: 'STACK_EXHAUSTED',
        message: expect.stringContaining("the machine's stack") as string,
      }),
    );
    expect(success(compute(engine, contract(''))).usedGas).toBe(10_001n);
  });
});

describe('memory', () => {
  it('grows by 8 pages and no more, and pays for what it asks', () => {
    const grow = (pages: string): string =>
      contract(`(i32.store (i32.const 0) (memory.grow (i32.const ${pages})))
        (i32.store (i32.const 4) (memory.size)) (call $ret (i32.const 0) (i32.const 8))`);
    const sizes = (text: string, gasLimit: bigint): number[] => {
      const { result } = success(compute(engine, text, { gasLimit }));
      return [...new Int32Array(result.slice().buffer)];
    };
    expect(sizes(grow('0'), 1n << 60n)).toEqual([120, 120]);
    expect(sizes(grow('8'), 1n << 60n)).toEqual([120, 128]);
    expect(sizes(grow('9'), 1n << 60n)).toEqual([-1, 120]);
    expect(sizes(grow('-1'), 1n << 60n)).toEqual([-1, 120]);
    const used = [0n, 8n, 9n, 2n ** 32n - 1n].map(
      (pages) =>
        // Charged as the original does: in 32 bits.
        success(compute(engine, grow(String(pages)), { gasLimit: 1n << 60n })).usedGas -
        BigInt.asUintN(32, 8192n * pages),
    );
    expect(new Set(used).size).toBe(1);
  });

  it('cannot use memory that it has not grown, though the host has it', () => {
    const pageOf = (page: number): number => page * 65_536;
    const touch = (grown: number, body: string): string =>
      contract(`(drop (memory.grow (i32.const ${grown}))) ${body}`);
    const cases = (at: number): string[] => [
      `(drop (i32.load8_u (i32.const ${at})))`,
      `(drop (i64.load (i32.const ${at - 7})))`,
      `(i32.store8 (i32.const ${at}) (i32.const 1))`,
      `(i64.store (i32.const ${at - 7}) (i64.const 1))`,
      `(i32.store8 offset=${at} (i32.const 0) (i32.const 1))`,
      `(memory.fill (i32.const ${at - 7}) (i32.const 1) (i32.const 8))`,
      `(memory.copy (i32.const 0) (i32.const ${at - 7}) (i32.const 8))`,
      `(memory.copy (i32.const ${at - 7}) (i32.const 0) (i32.const 8))`,
      `(call $ret (i32.const ${at - 7}) (i32.const 8))`,
      `(call $rand (i32.const ${at - 7}) (i32.const 8))`,
    ];
    for (const grown of [0, 1, 7, 8]) {
      for (const body of cases(pageOf(120 + grown))) {
        expect(failure(compute(engine, touch(grown, body))).message).toBe(
          execution('memory access out of bounds'),
        );
      }
      if (grown > 0) {
        for (const body of cases(pageOf(120 + grown) - 1)) success(compute(engine, touch(grown, body)));
      }
    }
  });

  it('holds huge data segments, within memory', () => {
    const data = 'x'.repeat(1_000_000);
    const big = contract(
      '(call $ret (i32.const 6800000) (i32.const 3))',
      `(data (i32.const 6800000) "${data}")`,
    );
    expect(new TextDecoder().decode(success(compute(engine, big)).result)).toBe('xxx');
    const outside = contract('', `(data (i32.const 7800000) "${data}")`);
    const outcome = failure(deploy(engine, outside));
    expect(outcome.message).toMatch(/^Error in execution of /);
    expect(outcome.usedGas).toBe(0n);
    const far = contract('', '(data (i32.const -1) "x")');
    expect(failure(deploy(engine, far)).usedGas).toBe(0n);
  });

  it('leaves nothing of a segment that fits when another does not', () => {
    const bad = contract('', '(data (i32.const 5000) "secret") (data (i32.const 7864320) "x")');
    failure(deploy(engine, bad));
    const look = contract('(call $ret (i32.const 5000) (i32.const 6))');
    expect(success(compute(engine, look)).result).toEqual(new Uint8Array(6));
  });
});

describe('tables', () => {
  it.each([
    ['a huge table', '(table 4294967295 funcref)'],
    ['a segment outside of the table', '(table 1 funcref) (elem (i32.const 1) $g) (func $g)'],
    ['a segment far outside of the table', '(table 1 funcref) (elem (i32.const -1) $g) (func $g)'],
  ])('refuses %s', (_, fields) => {
    const outcome = failure(deploy(engine, contract('', fields)));
    expect(outcome.message).toMatch(/^Error in execution of /);
    expect(outcome.usedGas).toBe(0n);
  });
});

describe('modules that lie', () => {
  it.each([
    ['an unknown function', '(module (import "env" "exit" (func)) (memory 1) (func (export "call")))'],
    [
      'another module',
      '(module (import "wasi" "ret" (func (param i32 i32))) (memory 1) (func (export "call")))',
    ],
    [
      'ret without parameters',
      '(module (import "env" "ret" (func $r)) (memory 1) (func (export "call") (call $r)))',
    ],
    [
      'ret with i64',
      '(module (import "env" "ret" (func $r (param i64 i64))) (memory 1) (func (export "call") (call $r (i64.const 0) (i64.const 0))))',
    ],
    [
      'ret with a result',
      '(module (import "env" "ret" (func $r (param i32 i32) (result i32))) (memory 1) (func (export "call") (drop (call $r (i32.const 0) (i32.const 0)))))',
    ],
    [
      'read_state_len without a result',
      '(module (import "env" "read_state_len" (func $r (param i32 i32))) (memory 1) (func (export "call") (call $r (i32.const 0) (i32.const 0))))',
    ],
    ['a global', '(module (import "env" "ret" (global i32)) (memory 1) (func (export "call")))'],
    ['a table', '(module (import "env" "table" (table 1 funcref)) (memory 1) (func (export "call")))'],
  ])('refuses to import %s', (_, text) => {
    const outcome = failure(deploy(engine, text));
    expect(outcome.message).toMatch(/^Error in execution of /);
    expect(outcome.usedGas).toBe(0n);
  });

  it.each([
    ['no call', '(module (memory 1) (func (export "main")))'],
    ['call as a memory', '(module (memory (export "call") 1))'],
    ['call as a global', '(module (memory 1) (global (export "call") i32 (i32.const 0)))'],
    ['call as a table', '(module (memory 1) (table (export "call") 1 funcref))'],
    ['call with a parameter', '(module (memory 1) (func (export "call") (param i32)))'],
    [
      'deploy with a parameter',
      '(module (memory 1) (func (export "call")) (func (export "deploy") (param i32)))',
    ],
    ['deploy as a memory', '(module (memory (export "deploy") 1) (func (export "call")))'],
    ['a start function', '(module (memory 1) (func $s) (start $s) (func (export "call")))'],
    ['no memory', '(module (func (export "call")))'],
    ['two memories', '(module (memory 1) (memory 1) (func (export "call")))'],
  ])('refuses %s', (_, text) => {
    let bytes: Uint8Array;
    try {
      bytes = wat(text);
    } catch {
      return; // The assembler refuses it itself.
    }
    const outcome = failure(engine.deploy(codeOf(bytes), callOf('deploy')));
    expect(outcome.message).toMatch(/^Error in execution of /);
    expect(outcome.usedGas).toBe(0n);
  });

  it('drops what call returns, as every worker does', () => {
    const text = '(module (memory 1) (func (export "call") (result i32) (i32.const 1)))';
    expect(success(compute(engine, text))).toMatchObject({ result: new Uint8Array(0), usedGas: 10_002n });
  });

  it('is not fooled by what looks like the metering of our own', () => {
    for (const name of ['$gas', '$limit', '$status', '$dirty', '$stack', '$pages', '$table', '$global0']) {
      const text = `(module (memory 1) (global (export "${name}") (mut i64) (i64.const 0)) (func (export "call") (loop (br 0))))`;
      expect(failure(compute(engine, text, { gasLimit: 1_000n })).usedGas).toBe(1_000n);
    }
  });

  it('survives exe code of any bytes', () => {
    const honest = buildContract(
      wat(contract('(call $ret (i32.const 0) (i32.const 9))', '(data (i32.const 0) "x")')),
    ).exe;
    for (let at = 0; at < honest.length; at++) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const bytes = honest.slice();
        bytes[at] = byte;
        const outcome = engine.compute(
          { hash: bytes, load: () => bytes },
          callOf('compute', { gasLimit: 100_000n }),
        );
        if (!outcome.ok) expect(outcome.message).toMatch(/^(Error in execution of |Invocation )/);
      }
    }
  });
});

describe('modules of a strange size', () => {
  const deployed = (module: Uint8Array): ReturnType<Engine['deploy']> =>
    engine.deploy(codeOf(module), callOf('deploy', { gasLimit: 10_000_000n }));
  const repeated = (count: number, ...bytes: number[]): number[] =>
    Array.from({ length: count }, () => bytes).flat();

  it.each([
    ['a br_table with 100,000 targets', moduleOf([0x41, 0, 0x0e, ...u32(100_000), ...repeated(100_001, 0)])],
    ['100,000 nested blocks', moduleOf([...repeated(100_000, 0x02, 0x40), ...repeated(100_000, 0x0b)])],
    ['100,000 nested loops', moduleOf([...repeated(100_000, 0x03, 0x40), ...repeated(100_000, 0x0b)])],
    ['4 billion locals', moduleOf([], [1, ...u32(2 ** 32 - 1), 0x7e])],
    ['many groups of locals', moduleOf([], [...u32(1_000), ...repeated(1_000, ...u32(50_000), 0x7e)])],
    ['a body that says it is longer', moduleOf([], [0x7f])],
    ['a function beyond the limit', moduleOf(repeated(2_000_000, 0x01))],
  ])('refuses %s at once', (_, module) => {
    const start = process.cpuUsage();
    const outcome = failure(deployed(module));
    expect(outcome.message).toMatch(/^Error in execution of /);
    expect(outcome.usedGas).toBe(0n);
    expect(process.cpuUsage(start).user).toBeLessThan(5_000_000);
  });

  it.each([
    ['a br_table with 9,000 targets', moduleOf([0x41, 0, 0x0e, ...u32(9_000), ...repeated(9_001, 0)])],
    ['1,000 nested blocks', moduleOf([...repeated(1_000, 0x02, 0x40), ...repeated(1_000, 0x0b)])],
    ['1,000 nested loops', moduleOf([...repeated(1_000, 0x03, 0x40), ...repeated(1_000, 0x0b)])],
    ['a long function', moduleOf(repeated(900_000, 0x01))],
  ])('runs %s', (_, module) => {
    expect(success(deployed(module)).usedGas).toBeGreaterThan(0n);
  });
});

describe('host functions from inside a contract', () => {
  const calls: readonly string[] = [
    '(call $ret (i32.const P) (i32.const L))',
    '(call $write_state (i32.const P) (i32.const L) (i32.const 0) (i32.const 1))',
    '(call $write_state (i32.const 0) (i32.const 1) (i32.const P) (i32.const L))',
    '(drop (call $read_state_len (i32.const P) (i32.const L)))',
    '(call $read_state (i32.const P) (i32.const L) (i32.const 0))',
    '(call $read_state (i32.const 0) (i32.const 1) (i32.const P))',
    '(call $remove_from_state (i32.const P) (i32.const L))',
    '(call $eprint (i32.const P) (i32.const L))',
    '(call $fetch_function_name (i32.const P))',
    '(call $fetch_args (i32.const P))',
    '(call $write_eth_bridge (i32.const P) (i32.const L) (i32.const 0))',
    '(call $write_eth_bridge (i32.const 0) (i32.const 1) (i32.const P))',
    '(call $rand (i32.const P) (i32.const L))',
    '(call $encrypt (i32.const P) (i32.const L) (i32.const 0) (i32.const 0))',
    '(call $encrypt (i32.const 0) (i32.const 1) (i32.const P) (i32.const 0))',
    '(call $encrypt (i32.const 0) (i32.const 1) (i32.const 0) (i32.const P))',
    '(call $decrypt (i32.const P) (i32.const L) (i32.const 0) (i32.const 0))',
    '(call $decrypt (i32.const 0) (i32.const 40) (i32.const P) (i32.const 0))',
  ];
  it.each(calls)('%s fails outside of memory', (call) => {
    const size = 120 * 65_536;
    for (const [pointer, length] of [
      [size - 1, 2],
      [size, 1],
      [-1, 1],
      [-1, -1],
      [-2147483648, 1],
    ] as const) {
      // prettier-ignore
      const text = contract(call.replace('P', String(pointer)).replace('L', String(length)));
      const outcome = failure(compute(engine, text, { functionName: 'ab', args: new Uint8Array(2) }));
      expect(outcome.message).toBe(execution('memory access out of bounds'));
    }
  });

  it('does not let a contract flood the host', () => {
    // A fresh key of 60,000 bytes each round, for 10 gas: bounded in bytes instead.
    const flood = contract(
      `(loop (call $rand (i32.const 0) (i32.const 8)) (i64.store (i32.const 0) (i64.and (i64.load (i32.const 0)) (i64.const 0x7f7f7f7f7f7f7f7f)))
         (call $write_state (i32.const 0) (i32.const 60000) (i32.const 60001) (i32.const 1)) (br 0))`,
      '(data (i32.const 60001) "1")',
    );
    expect(failure(compute(engine, flood)).message).toBe(
      execution('a call may leave at most 16777216 bytes of state written'),
    );
  });

  it('keeps memory when a host function writes over its own input', () => {
    const overlap = contract(
      `(call $encrypt (i32.const 0) (i32.const 64) (i32.const 16) (i32.const 8))
       (call $decrypt (i32.const 8) (i32.const 92) (i32.const 200) (i32.const 0))
       (call $ret (i32.const 0) (i32.const 64))`,
      '(data (i32.const 16) "0123456789abcdef0123456789abcdef") (data (i32.const 200) "0123456789abcdef0123456789abcdef")',
    );
    const expected = new Uint8Array(64);
    expected.set(new TextEncoder().encode('0123456789abcdef0123456789abcdef'), 16);
    expect(equalBytes(success(compute(engine, overlap)).result, expected)).toBe(true);
  });
});
