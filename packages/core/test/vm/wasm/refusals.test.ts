import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '#vm/compiled-module.js';
import { buildContract } from '#vm/wasm/build.js';
import { ContractError } from '#vm/wasm/contract-error.js';
import { inspectModule } from '#vm/wasm/inspect.js';
import { instrument } from '#vm/wasm/instrument.js';
import { builtLimits, defaultModuleLimits } from '#vm/wasm/limits.js';
import type { ModuleLimits } from '#vm/wasm/limits.js';
import { wasm } from '#vm/webassembly.js';
import { randomModule } from './random-module.js';
import { binary, exeOf, run } from './support.js';

function refusal(act: () => unknown): { readonly code: string; readonly message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof ContractError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'NONE', message: '' };
}

const call = '(func (export "call"))';
const decoding = 'Error in execution of deserialization into WASM module: ';

describe('what contracts may not use', () => {
  const refused: readonly (readonly [string, string, string, string])[] = [
    [
      'threads',
      '(memory 1) (func (export "call") (drop (i32.atomic.load (i32.const 0))))',
      'UNSUPPORTED',
      'threads are not supported',
    ],
    ['shared memory', `(memory 1 2 shared) ${call}`, 'UNSUPPORTED', 'threads are not supported'],
    [
      'SIMD',
      '(memory 1) (func (export "call") (drop (v128.const i32x4 1 2 3 4)))',
      'UNSUPPORTED',
      'SIMD is not supported',
    ],
    ['SIMD types', `(memory 1) (func (param v128)) ${call}`, 'UNSUPPORTED', 'SIMD is not supported'],
    ['memory64', `(memory i64 1) ${call}`, 'UNSUPPORTED', 'memory64 is not supported'],
    ['two memories', `(memory 1) (memory 1) ${call}`, 'UNSUPPORTED', 'several memories are not supported'],
    [
      'exceptions',
      `(memory 1) (tag $t) (func (export "call") (throw $t))`,
      'UNSUPPORTED',
      'exceptions are not supported',
    ],
    [
      'tail calls',
      '(memory 1) (func $f) (func (export "call") (return_call $f))',
      'UNSUPPORTED',
      'tail calls are not supported',
    ],
    [
      'two tables',
      `(memory 1) (table 1 funcref) (table 1 funcref) ${call}`,
      'UNSUPPORTED',
      'several tables are not supported',
    ],
    [
      'external references',
      `(memory 1) (func (param externref)) ${call}`,
      'UNSUPPORTED',
      'reference types other than call_indirect are not supported',
    ],
    [
      'table.get',
      '(memory 1) (table 1 funcref) (func (export "call") (drop (table.get 0 (i32.const 0))))',
      'UNSUPPORTED',
      'reference types other than call_indirect are not supported',
    ],
    [
      'table.grow',
      '(memory 1) (table 1 funcref) (func (export "call") (drop (table.grow 0 (ref.null func) (i32.const 1))))',
      'UNSUPPORTED',
      'reference types other than call_indirect are not supported',
    ],
    [
      'a start function',
      `(memory 1) (func $s) (start $s) ${call}`,
      'START',
      'start functions are not supported',
    ],
    ['no memory', call, 'MEMORY', 'no memory section'],
  ];
  test.each(refused)('%s', (_, text, code, reason) => {
    const module = binary(`(module ${text})`, false);
    expect(refusal(() => buildContract(module))).toEqual({ code, message: decoding + reason });
  });

  test('garbage collection', () => {
    const struct = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 3, 1, 0x5f, 0]);
    expect(refusal(() => buildContract(struct))).toEqual({
      code: 'UNSUPPORTED',
      message: `${decoding}garbage collection is not supported`,
    });
  });

  test.each([0x00, 0x01, 0x1a, 0x1d, 0x41])('instruction %i of garbage collection', (instruction) => {
    expect(refusal(() => buildContract(withCode([0xfb, instruction, 0x00, 0x0b])))).toEqual({
      code: 'UNSUPPORTED',
      message: `${decoding}garbage collection is not supported`,
    });
  });

  const imports: readonly (readonly [string, string, string])[] = [
    ['an unknown function', '(import "env" "exit" (func))', 'Export exit not found'],
    ['an inherited name', '(import "env" "toString" (func))', 'Export toString not found'],
    ['another module', '(import "wasi" "ret" (func (param i32 i32)))', 'Export ret not found'],
    ['another signature', '(import "env" "ret" (func (param i32 i64)))', 'Export ret has another signature'],
    [
      'a result too much',
      '(import "env" "ret" (func (param i32 i32) (result i32)))',
      'Export ret has another signature',
    ],
    ['a global', '(import "env" "ret" (global i32))', 'Export ret not found'],
    ['a table', '(import "env" "table" (table 1 funcref))', 'Export table not found'],
  ];
  test.each(imports)('import of %s', (_, text, reason) => {
    const module = binary(`(module ${text} (memory 1) ${call})`);
    expect(refusal(() => buildContract(module))).toEqual({
      code: 'IMPORT',
      message: `Error in execution of WASM code: Instantiation: ${reason}`,
    });
  });

  test('all fifteen host functions may be imported', () => {
    const signatures: Record<string, string> = {
      ret: '(param i32 i32)',
      write_state: '(param i32 i32 i32 i32)',
      read_state_len: '(param i32 i32) (result i32)',
      read_state: '(param i32 i32 i32)',
      remove_from_state: '(param i32 i32)',
      eprint: '(param i32 i32)',
      fetch_function_name_length: '(result i32)',
      fetch_function_name: '(param i32)',
      fetch_args_length: '(result i32)',
      fetch_args: '(param i32)',
      write_eth_bridge: '(param i32 i32 i32)',
      gas: '(param i32)',
      rand: '(param i32 i32)',
      encrypt: '(param i32 i32 i32 i32)',
      decrypt: '(param i32 i32 i32 i32)',
    };
    const list = Object.entries(signatures).map(([name, type]) => `(import "env" "${name}" (func ${type}))`);
    expect(list).toHaveLength(15);
    expect(buildContract(binary(`(module ${list.join(' ')} (memory 1) ${call})`)).exe.length).toBeGreaterThan(
      0,
    );
  });

  const entries: readonly (readonly [string, string, string])[] = [
    ['is missing', '(func (export "main"))', "Module doesn't have export call"],
    ['is a memory', '(export "call" (memory 0))', 'Export call is not a function'],
    ['takes parameters', '(func (export "call") (param i32))', 'Export call takes parameters'],
    [
      'is there, but deploy is a global',
      '(func (export "call")) (global (export "deploy") i32 (i32.const 1))',
      'Export deploy is not a function',
    ],
    [
      'is there, but deploy gives results',
      '(func (export "call")) (func (export "deploy") (result i32) (i32.const 1))',
      'Export deploy gives results',
    ],
  ];
  test.each(entries)('an entry that %s', (_, text, reason) => {
    expect(refusal(() => buildContract(binary(`(module (memory 1) ${text})`)))).toEqual({
      code: 'EXPORT',
      message: `Error in execution of WASM code: Function: ${reason}`,
    });
  });

  test('what does not validate', () => {
    const { code, message } = refusal(() =>
      buildContract(binary(`(module (memory 1) (func (export "call") (i32.const 1)))`, false)),
    );
    expect(code).toBe('INVALID');
    expect(message).toContain('not valid');
  });

  test('a running module must import its memory, within bounds', () => {
    expect(refusal(() => instrument(binary(`(module (memory 1) ${call})`), 'fast')).message).toBe(
      'Error in execution of creation of WASM module: Malformed wasm module: internal memory',
    );
    for (const size of ['1', '1 129', '129 129']) {
      const module = binary(`(module (import "env" "memory" (memory ${size})) ${call})`);
      expect(refusal(() => instrument(module, 'fast')).message).toBe(
        'Error in execution of WASM code: Instantiation: Module requested too much memory',
      );
    }
  });
});

describe('limits', () => {
  const limited: readonly (readonly [keyof ModuleLimits, string])[] = [
    ['types', '(type (func)) (type (func (param i32)))'],
    ['parameters', '(func (param i32 i32))'],
    ['results', '(func (result i32 i32) (i32.const 1) (i32.const 1))'],
    ['functions', '(func) (func)'],
    ['locals', '(func (local i32 i32))'],
    ['globals', '(global i32 (i32.const 1)) (global i32 (i32.const 1))'],
    ['exports', '(memory (export "m") 1)'],
    ['tableEntries', '(table 2 funcref)'],
    ['elements', '(table 1 funcref) (elem (i32.const 0) $f $f) (func $f)'],
    ['elements', '(elem func) (elem func)'],
    ['dataSegments', '(data (i32.const 0) "a") (data (i32.const 0) "a")'],
    ['dataBytes', '(data (i32.const 0) "ab")'],
    ['branchTargets', '(func (block (br_table 0 0 0 (i32.const 0))))'],
    ['nesting', '(func (block (block)))'],
    ['functionBytes', '(func (nop) (nop) (nop))'],
    ['functionWork', '(func (drop (i32.const 1)) (drop (i32.const 1)))'],
    ['moduleBytes', ''],
  ];
  test.each(limited)('%s', (name, text) => {
    const memory = text.includes('(memory') ? '' : '(memory 1)';
    const module = binary(`(module ${memory} ${text} ${call})`);
    expect(refusal(() => buildContract(module)).code).toBe('NONE');
    const tight = name === 'nesting' ? 2 : name === 'functionBytes' ? 4 : 1;
    const { code, message } = refusal(() => buildContract(module, { ...defaultModuleLimits, [name]: tight }));
    expect(code).toBe('LIMIT');
    expect(message).toMatch(/ at most \d+ are allowed$/);
  });

  test('that a module just keeps to let its constructor run', () => {
    const module = binary(`(module (memory 1) (data (i32.const 0) "ab") ${call} (func (export "deploy")))`);
    const limits = {
      ...defaultModuleLimits,
      moduleBytes: module.length,
      types: 1,
      parameters: 0,
      imports: 1,
      functions: 2,
      exports: 2,
      dataSegments: 1,
      dataBytes: 2,
    };
    const { constructorModule } = buildContract(module, limits);
    expect(refusal(() => instrument(constructorModule, 'fast', limits)).code).toBe('LIMIT');
    expect(refusal(() => instrument(constructorModule, 'fast', builtLimits(limits))).code).toBe('NONE');
  });

  test('the time to build, meter and compile', () => {
    const module = binary(`(module (memory 1) ${call})`);
    const none = { ...defaultModuleLimits, buildMs: 0 };
    const { exe } = buildContract(module);
    for (const act of [
      () => buildContract(module, none),
      () => instrument(exe, 'fast', none),
      () => instrument(exe, 'exact', none),
      () => compile(exe, 'fast', none),
    ]) {
      expect(refusal(act)).toEqual({
        code: 'LIMIT',
        message: `${decoding}building it takes longer than 0 ms, which is the limit`,
      });
    }
  });

  test('of imports', () => {
    const module = binary(`(module (import "env" "fetch_args" (func (param i32))) (memory 1) ${call})`);
    expect(refusal(() => buildContract(module, { ...defaultModuleLimits, imports: 0 })).code).toBe('LIMIT');
  });
});

/** The same bytes so many times. */
function repeated(times: number, bytes: readonly number[]): number[] {
  return Array.from({ length: times }, () => bytes).flat();
}

/** A module with one function whose locals and code are these. */
function withCode(code: readonly number[], locals: readonly number[] = [0]): Uint8Array {
  const leb = (value: number): number[] => [
    (value & 0x7f) | 0x80,
    ((value >> 7) & 0x7f) | 0x80,
    (value >> 14) & 0x7f,
  ];
  const body = [...leb(code.length + locals.length), ...locals, ...code];
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    1,
    4,
    1,
    0x60,
    0,
    0,
    3,
    2,
    1,
    0,
    5,
    3,
    1,
    0,
    1,
    7,
    8,
    1,
    4,
    0x63,
    0x61,
    0x6c,
    0x6c,
    0,
    0,
    10,
    ...leb(body.length + 1),
    1,
    ...body,
  ]);
}

describe('attacks on the decoder', () => {
  test('a br_table with 100,000 targets', () => {
    const targets = Array.from({ length: 100_001 }, () => 0);
    const module = withCode([0x02, 0x40, 0x41, 0, 0x0e, 0xa0, 0x8d, 0x06, ...targets, 0x0b, 0x0b]);
    expect(refusal(() => buildContract(module))).toMatchObject({ code: 'LIMIT' });
  });

  test('blocks 20,000 deep', () => {
    const depth = 20_000;
    const module = withCode([
      ...Array.from({ length: depth }, () => [0x02, 0x40]).flat(),
      ...Array.from({ length: depth + 1 }, () => 0x0b),
    ]);
    expect(refusal(() => buildContract(module))).toMatchObject({ code: 'LIMIT' });
  });

  test('blocks as deep as allowed', () => {
    const depth = defaultModuleLimits.nesting - 1;
    const module = withCode([
      ...Array.from({ length: depth }, () => [0x02, 0x40]).flat(),
      ...Array.from({ length: depth + 1 }, () => 0x0b),
    ]);
    expect(run(buildContract(module).exe, 'fast').gas).toBe(BigInt(1 + 2 * depth));
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 9, 10, 11])('a count of four billion in section %i', (id) => {
    const module = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, id, 5, 0xff, 0xff, 0xff, 0xff, 0x0f];
    const start = process.cpuUsage();
    expect(['MALFORMED', 'LIMIT', 'UNSUPPORTED']).toContain(
      refusal(() => buildContract(Uint8Array.from(module))).code,
    );
    expect(inspectModule(Uint8Array.from(module)).refusals).not.toHaveLength(0);
    expect(process.cpuUsage(start).user).toBeLessThan(1_000_000);
  });

  test('elements without end, which are not read before they are counted', () => {
    const segment = [1, 0x01, 0x00, 0xc0, 0x9a, 0x0c];
    const module = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 9, segment.length, ...segment];
    expect(refusal(() => buildContract(Uint8Array.from(module))).code).toBe('LIMIT');
  });

  test('locals without end', () => {
    const code = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b];
    const module = [...withCode([0x0b]).slice(0, -7), 10, code.length + 2, 1, code.length, ...code];
    expect(refusal(() => buildContract(Uint8Array.from(module))).code).not.toBe('NONE');
  });

  /** Without the limit for V8's compilers: what is here before them has to cope with more. */
  const tireless = { ...defaultModuleLimits, functionWork: Infinity };

  // Each of these would take minutes if some step took the square of their length.
  const long: readonly (readonly [string, readonly number[]])[] = [
    [
      'a tower of operands over which locals change',
      [...repeated(200_000, [0x20, 0]), ...repeated(200_000, [0x22, 0]), ...repeated(200_000, [0x1a])],
    ],
    [
      'stores in deep blocks',
      [
        ...repeated(4_990, [0x02, 0x40]),
        ...repeated(80_000, [0x20, 0, 0x20, 0, 0x36, 0, 0]),
        ...repeated(4_990, [0x0b]),
      ],
    ],
    [
      'stores in deep loops, with branches between them',
      [
        ...repeated(2_000, [0x03, 0x40]),
        ...repeated(60_000, [0x20, 0, 0x41, 0, 0x36, 0, 0, 0x41, 0, 0x0d, 0]),
        ...repeated(2_000, [0x0b]),
      ],
    ],
    ['loops beside each other', repeated(60_000, [0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b])],
    [
      'tables of branches',
      [...repeated(100, [0x02, 0x40, 0x41, 0, 0x0e, 0x88, 0x27, ...repeated(5_001, [0]), 0x0b])],
    ],
  ];
  test.each(long)('%s', (_, code) => {
    const module = withCode([...code, 0x0b], [1, 1, 0x7f]);
    const start = process.cpuUsage();
    const { exe } = buildContract(module, tireless);
    for (const variant of ['exact', 'fast'] as const)
      expect(wasm.validate(instrument(exe, variant, tireless).code)).toBe(true);
    expect(inspectModule(module, tireless).refusals).toEqual([]);
    expect(process.cpuUsage(start).user).toBeLessThan(15_000_000);
  });

  test('imports without end', () => {
    const entry = (index: number): number[] => [
      1,
      0x61,
      2,
      0x30 + (index % 64),
      0x30 + ((index >> 6) % 64),
      0,
      0,
    ];
    const list = Array.from({ length: 4096 }, (_, index) => entry(index)).flat();
    const section = [2, 0x82, 0xe0, 0x01, 0x80, 0x20, ...list];
    const module = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, ...section]);
    expect(inspectModule(module).refusals.length).toBeGreaterThan(50);
  });

  const malformed: readonly (readonly [string, readonly number[]])[] = [
    ['nothing', []],
    ['half a header', [0x00, 0x61, 0x73]],
    ['another version', [0x00, 0x61, 0x73, 0x6d, 2, 0, 0, 0]],
    ['a section that is longer than the module', [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 200]],
    ['a section that is longer than its content', [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 2, 0, 0]],
    ['sections out of order', [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 3, 1, 0, 1, 1, 0]],
    ['a section twice', [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0]],
    ['an unknown section', [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 77, 0]],
    ['an integer of six bytes', [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0]],
    ['an integer beyond 32 bits', [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['code after the end', [...withCode([0x0b, 0x01])]],
    ['code without an end', [...withCode([0x01])]],
  ];
  test.each(malformed)('%s', (_, bytes) => {
    expect(refusal(() => buildContract(Uint8Array.from(bytes)))).toMatchObject({ code: 'MALFORMED' });
  });
});

test('thousands of mutated modules: a ContractError or a valid contract, never anything else', () => {
  const seeds = [1, 2, 3, 4, 5].map((seed) => binary(randomModule(seed * 7919)));
  fc.assert(
    fc.property(
      fc.nat(seeds.length - 1),
      fc.array(fc.record({ at: fc.nat(), value: fc.nat(255), kind: fc.nat(2) }), {
        minLength: 1,
        maxLength: 4,
      }),
      (seed, edits) => {
        let module = [...(seeds[seed] ?? [])];
        for (const { at, value, kind } of edits) {
          const place = at % module.length;
          if (kind === 0) module[place] = value;
          else if (kind === 1) module.splice(place, 1 + (value % 8));
          else module = [...module.slice(0, place), value, ...module.slice(place)];
        }
        const bytes = Uint8Array.from(module);
        const { refusals } = inspectModule(bytes);
        const { code } = refusal(() => {
          const { exe, constructorModule } = buildContract(bytes);
          for (const variant of ['exact', 'fast'] as const) {
            expect(wasm.validate(instrument(exe, variant).code)).toBe(true);
            expect(wasm.validate(instrument(constructorModule, variant).code)).toBe(true);
          }
        });
        expect(code === 'NONE').toBe(refusals.length === 0);
      },
    ),
    { numRuns: 4000, examples: [[2, [{ at: 956_282_570, value: 128, kind: 0 }]]] },
  );
}, 120_000);

describe('inspection', () => {
  test('tells what there is and what stays', () => {
    const text = `(module (import "env" "ret" (func $ret (param i32 i32))) (import "env" "rand" (func (param i32 i32)))
      (memory (export "memory") 17 20) (table 3 funcref) (global i32 (i32.const 1)) (data (i32.const 0) "four")
      (func $dead) (func (export "call") (call $ret (i32.const 0) (i32.const 0))) (func (export "deploy")))`;
    const module = binary(text);
    const { exe, constructorModule } = buildContract(module);
    expect(inspectModule(module)).toEqual({
      bytes: module.length,
      refusals: [],
      content: {
        imports: ['env.ret (i32, i32) -> ()', 'env.rand (i32, i32) -> ()'],
        exports: [
          { name: 'memory', kind: 'memory' },
          { name: 'call', kind: 'function', signature: '() -> ()' },
          { name: 'deploy', kind: 'function', signature: '() -> ()' },
        ],
        functions: 3,
        codeBytes: 1 + 7 + 1,
        globals: 1,
        dataSegments: 1,
        dataBytes: 4,
        tableEntries: 3,
        memory: { initial: 17, maximum: 20 },
        hasConstructor: true,
      },
      deployed: {
        exeBytes: exe.length,
        constructorBytes: constructorModule.length,
        functions: 1,
        imports: ['env.ret (i32, i32) -> ()'],
        deployGas: exe.length,
      },
    });
  });

  test('gives every reason to refuse, not only the first', () => {
    const text = `(module (import "env" "ret" (func (param i32))) (import "a" "b" (func)) (import "env" "g" (global i32))
      (table 1 funcref) (table 2 funcref) (func $s) (start $s) (func (drop (v128.const i32x4 1 2 3 4)))
      (func (export "deploy") (param i32)))`;
    const { refusals, deployed } = inspectModule(binary(text, false));
    expect(refusals.map(({ code }) => code).sort()).toEqual([
      'EXPORT',
      'EXPORT',
      'IMPORT',
      'IMPORT',
      'IMPORT',
      'MEMORY',
      'START',
      'UNSUPPORTED',
      'UNSUPPORTED',
    ]);
    expect(deployed).toBeUndefined();
  });
});

test('what is refused is refused the same when it comes as exe code', () => {
  expect(refusal(() => instrument(Uint8Array.of(1, 2, 3), 'fast')).code).toBe('MALFORMED');
  expect(exeOf(`(module (memory 1) ${call})`).length).toBeGreaterThan(0);
});
