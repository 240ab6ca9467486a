import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesToHex, encodeFunctionData, parseAbi } from 'viem';
import { beforeAll, describe, expect, it } from 'vitest';
import loadWabt from 'wabt';
import { artifactsOf, type CompiledContract, CompileError, compileContract } from '@enigma-worker/contract';
import { Harness } from './harness.js';
import { compileText } from './sources.js';

const IMPORT = `import { contract, state, view, struct, ethereum, EthereumContract, u256, i256, Address, StateMap, StateList, Bytes32, Fixed2 } from '@enigma-worker/contract/assembly';\n`;

async function failure(source: string): Promise<CompileError> {
  const error: unknown = await compileText(IMPORT + source, { optimize: false }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CompileError)) throw new Error(`compiled, or failed otherwise: ${String(error)}`);
  return error;
}

describe('what is wrong with a contract is said where it is', () => {
  const inClass = (body: string): string => `@contract class C {\n  ${body}\n}`;
  it.each([
    ['no contract', 'class C {}', /has no class marked @contract/],
    [
      'two contracts',
      '@contract class A {}\n@contract class B {}',
      /contract\.ts:3:17: A is the contract already/,
    ],
    [
      'a base class',
      'class A {}\n@contract class B extends A {}',
      /contract\.ts:3:17: contract B must be a plain class/,
    ],
    [
      'an abstract contract',
      '@contract abstract class C {}',
      /contract\.ts:2:26: contract C must be a plain/,
    ],
    ['a field that is lost', inClass('x: u32 = 1;'), /contract\.ts:3:3: field x would be forgotten/],
    ['a field without a type', inClass('@state x = 1;'), /contract\.ts:3:10: field x needs a type/],
    ['a parameter without a type', inClass('f(x): void {}'), /contract\.ts:3:5: parameter x needs a type/],
    ['a parameter of no type', inClass('f(x: f64): void {}'), /contract\.ts:3:8: f64 has no Solidity type/],
    ['a nullable parameter', inClass('f(x: u256 | null): void {}'), /u256 \| null has no Solidity type/],
    [
      'a plain class as parameter',
      `class P {}\n${inClass('f(x: P): void {}')}`,
      /class P cannot cross the interface: mark it @struct/,
    ],
    [
      'a struct in itself',
      `@struct class S { s: S[]; }\n${inClass('f(x: S): void {}')}`,
      /struct S contains itself/,
    ],
    [
      'types that stand for each other',
      `type A = B;\ntype B = A;\n${inClass('@state x: StateMap<u8, A>;')}`,
      /contract\.ts:3:10: type A contains itself/,
    ],
    [
      'a type of arrays of itself',
      `type A = B[];\ntype B = A;\n${inClass('f(x: B): void {}')}`,
      /type \w contains itself/,
    ],
    ['a width there is not', inClass('f(x: uint12): void {}'), /uint12 has no Solidity type/],
    ['an optional parameter', inClass('f(x: u32 = 1): void {}'), /parameter x cannot be optional/],
    [
      'an optional parameter of any name',
      inClass('f(ñ?: u32): void {}'),
      /3:5: parameter ñ cannot be optional/,
    ],
    [
      'a state that would be written though it says otherwise',
      inClass('@state readonly x: u32; f(): void { this.x = 1; }'),
      /contract\.ts:3:19: field x cannot be readonly/,
    ],
    [
      'a struct with a member that it is given',
      '@struct class S { x: u8; readJson: u8; }',
      /contract\.ts:2:26: struct S is given readJson by the compiler/,
    ],
    ['a state of no type', inClass('@state x: f64;'), /contract\.ts:3:13: f64 has no Solidity type/],
    [
      'a state of a plain class',
      `class P {}\n${inClass('@state x: P;')}`,
      /contract\.ts:4:13: class P cannot/,
    ],
    ['a nullable state', inClass('@state x: string | null;'), /contract\.ts:3:13: string \| null has no/],
    ['a map in memory', inClass('@state x: Map<string, u8>;'), /contract\.ts:3:13: Map<string, u8> has no/],
    ['a key of no type', inClass('@state x: StateMap<f64, u8>;'), /contract\.ts:3:22: f64 cannot be a key/],
    [
      'a signed wide key',
      `type Wide = i256;\n${inClass('@state x: StateMap<u8, StateMap<Wide, u8>>;')}`,
      /contract\.ts:4:35: Wide cannot be a key: use bool/,
    ],
    [
      'values of no type',
      inClass('@state x: StateMap<u8, StateList<f32>>;'),
      /contract\.ts:3:36: f32 has no Solidity type/,
    ],
    [
      'a list of maps',
      inClass('@state x: StateList<StateMap<u8, u8>>;'),
      /contract\.ts:3:23: the items of a StateList are values/,
    ],
    ['a bare map', inClass('@state x: StateMap;'), /contract\.ts:3:13: a StateMap has two types/],
    [
      'too many dimensions',
      inClass(`@state x: ${'Fixed2<'.repeat(11)}u8${'>'.repeat(11)};`),
      /contract\.ts:3:13: at most 10 fixed arrays/,
    ],
    [
      'a misspelt decorator',
      inClass('@veiw f(): void {}'),
      /contract\.ts:3:3: @veiw means nothing here: @state/,
    ],
    ['a static state', inClass('@state static x: u8 = 1;'), /contract\.ts:3:3: @state means nothing here/],
    ['a view of a field', inClass('@view @state x: u8;'), /contract\.ts:3:3: @view means nothing here/],
    [
      'a view that is a getter',
      inClass('@view get x(): u8 { return 1; }'),
      /a getter cannot be called.*make x a/,
    ],
    ['a generic method', inClass('f<T>(x: u8): u8 { return x; }'), /3:3: method f cannot be generic/],
    ['no result type', inClass('f() {}'), /method f needs a result type, or void/],
    [
      'a map that starts full',
      inClass('@state m: StateMap<u8, u8> = new StateMap<u8, u8>(0, 0);'),
      /m starts empty/,
    ],
    [
      'a struct that wants arguments',
      '@struct class S { x: u8; constructor(x: u8) { this.x = x; } }',
      /struct S is made without/,
    ],
    [
      'an Ethereum class of its own',
      '@ethereum class E { f(): void {} }',
      /class E must extend EthereumContract/,
    ],
    [
      'an Ethereum class without its mark',
      `class E extends EthereumContract { f(x: u8): void {} }\n${inClass('f(e: Address): void { new E(e).f(1); }')}`,
      /contract\.ts:2:7: class E calls nothing: mark it @ethereum/,
    ],
    [
      'an Ethereum method with a body',
      '@ethereum class E extends EthereumContract { f(): void { return; } }',
      /method f needs an empty body/,
    ],
  ])('%s', async (_, source, message) => {
    const error = await failure(source);
    expect(error.code).toBe('SOURCE');
    expect(error.message).toMatch(message);
  });

  it.each([
    ['in a method', '@state x: u256;  f(): void { this.x = "no"; }', 41, 'String'],
    ['behind a field that was rewritten', '@state x: u256; @view f(): u256 { return 5; }', 44, 'i32'],
    ['in the first value of a field', '@state x: u256 = 5; f(): void {}', 20, 'i32'],
  ])('leaves errors of the language to its compiler, where the author wrote them: %s', async (...row) => {
    const [, body, column, type] = row;
    const error = await failure(`@contract class C {\n  ${body}\n}`);
    expect(error.code).toBe('COMPILER');
    expect(error.position).toEqual({ file: 'contract.ts', line: 3, column });
    expect(error.message).toBe(`contract.ts:3:${column}: Type '${type}' is not assignable to type 'u256'.`);
  });

  it.each([
    ['a brace too few', 'f(): void { if (true) {', /^contract\.ts:4:1: Unexpected end of text\./],
    [
      'a text without an end',
      'f(): void { print("x); }',
      /^contract\.ts:3:21: Unterminated string literal\./,
    ],
    ['a comment without an end', 'f(): void {} /*', /'\*\/' expected\./],
  ])('says what cannot be read, though no class is found then: %s', async (_, body, message) => {
    const error = await failure(inClass(body));
    expect(error.code).toBe('COMPILER');
    expect(error.position?.file).toBe('contract.ts');
    expect(error.message).toMatch(message);
  });

  it.each([
    'if (x) return true; return false;',
    'while (x) return true; return false;',
    'return x ? true : false;',
    'return x && !x;',
  ])('takes no wide number for a condition: %s', async (body) => {
    for (const type of ['u256', 'i256']) {
      const error = await failure(inClass(`@view f(x: ${type}): bool { ${body} }`));
      expect(error.message).toMatch(
        new RegExp(`contract\\.ts:3:\\d+: a ${type} is no condition: compare it`),
      );
    }
  });

  it('leaves out errors that follow in generated code', async () => {
    const error = await failure(inClass('f(x: u8): void {} f(x: u16): void {}'));
    expect(error.message).toBe("contract.ts:3:21: Duplicate identifier 'f'.");
  });

  it.each([
    ['console.log("x");', 3, 15, /`console\.log` is nothing that a worker has: use `print`/],
    ['/* Math.random */ "Math.random"; Math\n  .random();', 3, 48, /`Math\.random` .*: use `random`/],
    ['Date.now();', 3, 15, /`Date\.now` .*: a contract has no clock/],
    ['trace("x");', 3, 15, /`trace` .*: use `print`/],
  ])('refuses what no worker has: %s', async (statement, line, column, message) => {
    const error = await failure(inClass(`f(): void { ${statement} }`));
    expect(error.message).toMatch(message);
    expect(error.position).toEqual({ file: 'contract.ts', line, column });
  });

  it('refuses functions that no worker has, though the contract declares them', async () => {
    const error = await failure(
      `@external("env", "clock") declare function clock(): i64;\n${inClass('f(): i64 { return clock(); }')}`,
    );
    expect(error.message).toMatch(/`clock` is nothing that a worker has/);
  });

  it('leaves errors of the language to its compiler, at the line the author wrote', async () => {
    const error = await failure('@contract class C {\n  @state x: u256;\n  f(): void { this.x = "no"; }\n}');
    expect(error.code).toBe('COMPILER');
    expect(error.position).toMatchObject({ file: 'contract.ts', line: 4 });
    expect(error.message).toMatch(/^contract\.ts:4:\d+: Type 'String' is not assignable to type 'u256'\.$/);
  });

  it.each(['f32', 'f64', 'string', 'Address'])('draws no random %s', async (type) => {
    const source = `import { random } from '@enigma-worker/contract/assembly';\n${inClass(`f(): void { random<${type}>(); }`)}`;
    expect((await failure(source)).message).toMatch(/random gives bools and integers; randomBytes/);
  });

  it.each([
    ['this.m[1] = this.m[2];', 69],
    ['this.m.has(1);', 57],
    ['this.m.delete(1);', 57],
  ])('does not take inner collections for values: %s', async (statement, column) => {
    const error = await failure(
      inClass(`@state m: StateMap<u8, StateMap<u8, u8>>; f(): void { ${statement} }`),
    );
    expect(error.position).toEqual({ file: 'contract.ts', line: 3, column });
    expect(error.message).toMatch(
      /: a map of collections has neither set, has nor delete: use those of the inner/,
    );
  });

  it.each(['"5"', 'x', '1.5'])(
    'says once where the library was given what it does not take: %s',
    async (value) => {
      const error = await failure(inClass(`@view f(x: u256): u256 { return u256.from(${value}); }`));
      expect(error.position).toEqual({ file: 'contract.ts', line: 3, column: 35 });
      expect(error.message).toBe('contract.ts:3:35: u256.from takes an integer');
    },
  );

  it('refuses to throw what the caller could not read', async () => {
    const error = await failure(inClass('f(): void { throw "no"; }'));
    expect(error.message).toMatch(
      /^contract\.ts:3:21: the caller would not learn why: write `revert\('text'\)`/,
    );
  });

  it('takes no text for a condition', async () => {
    const error = await failure(inClass('@view f(x: string): bool { return x ? true : false; }'));
    expect(error.message).toBe('contract.ts:3:37: a string is no condition: ask for its `length`');
  });

  it.each([
    [
      '@enigma-worker/contract',
      /:2:19: '@enigma-worker\/contract' is no part of .* '@enigma-worker\/contract\/assembly'/,
    ],
    ['@scope/lost', /:2:19: there is no '@scope\/lost' in AssemblyScript/],
  ])('says which package cannot be imported: %s', async (name, message) => {
    const source = `import { x } from '${name}';\n${inClass('f(): void { x(); }')}`;
    const error = await compileText(`\n${source}`).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(message);
  });

  it('looks for a type in files that hand on each other, and ends', async () => {
    const files: Record<string, string> = {
      'main.ts': `${IMPORT}import { Lost } from './a';\n${inClass('f(x: Lost): void {}')}`,
      'a.ts': `export * from './b';`,
      'b.ts': `export * from './a';\nexport { Other } from './b';`,
    };
    await expect(compileContract('main.ts', { read: async (path) => files[path] })).rejects.toMatchObject({
      code: 'SOURCE',
      message: expect.stringMatching(/^main\.ts:4:8: Lost has no Solidity type/),
    });
  });

  it('names a file that is not there', async () => {
    await expect(compileContract('/nowhere/contract.ts')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a compiled contract', () => {
  const COUNTER = `${IMPORT}/** Counts. */ @contract export class SlowCounter {
  @state count: u32;
  /**
   * Adds to the count.
   * @param by how much
   * @returns the new count
   */
  add(by: u32): u32 { this.count += by; return this.count; }
  @view total(): u32 { return this.count; }
}`;

  let counter: CompiledContract;
  beforeAll(async () => void (counter = await compileText(COUNTER)));

  it('has what a worker takes, and little of it', () => {
    const { wasm } = counter;
    const module = new WebAssembly.Module(new Uint8Array(wasm));
    const functions = WebAssembly.Module.exports(module).filter((item) => item.kind === 'function');
    expect(functions.map((item) => item.name)).toEqual(['deploy', 'call']);
    expect(wasm.length).toBeLessThan(12_000);
  });

  it('has an interface and docs in Solidity form', () => {
    expect(counter.abi).toEqual([
      { type: 'constructor', inputs: [], stateMutability: 'nonpayable' },
      {
        type: 'function',
        name: 'add',
        inputs: [{ name: 'by', type: 'uint32' }],
        outputs: [{ name: '', type: 'uint32' }],
        stateMutability: 'nonpayable',
      },
      {
        type: 'function',
        name: 'total',
        inputs: [],
        outputs: [{ name: '', type: 'uint32' }],
        stateMutability: 'view',
      },
    ]);
    expect(counter.docs).toEqual({
      details: 'Counts.',
      methods: {
        'add(uint32)': {
          details: 'Adds to the count.',
          params: { by: 'how much' },
          returns: 'the new count',
        },
      },
    });
    const files = artifactsOf(counter);
    expect([...files.keys()]).toEqual(['slow-counter.wasm', 'slow-counter.json', 'slow-counter.abi.ts']);
    expect(files.get('slow-counter.abi.ts')).toContain('export const slowCounterAbi = [');
  });

  it('has fields of any name, also of those that the compiler gives', async () => {
    const names = ['keep', 'initialize', 'construct', 'decode', 'numbers', '__numbers', 'contract'];
    const contract = await compileText(`${IMPORT}@contract class Named {
  ${names.map((name) => `@state ${name}: u32[];`).join(' ')}
  constructor() { ${names.map((name, i) => `this.${name}.push(${i});`).join(' ')} }
  @view all(): u32[][] { return [${names.map((name) => `this.${name}`).join(', ')}]; }
}`);
    expect(new Harness(contract).deploy().call('all')).toEqual(names.map((_, i) => [i]));
  });

  it('takes structs and constants from other files, and computes globals before anything else', async () => {
    const files: Record<string, string> = {
      'main.ts': `import { contract, view, u256 } from '@enigma-worker/contract/assembly';
import { Place as Where, Weight } from './parts';
import { LIMIT } from './parts/limit';
@contract class C { @view far(where: Where, weights: Weight[]): u256 { return u256.from(where.x) * weights[0] + LIMIT; } }`,
      // A class that goes out under another name.
      'parts/index.ts': `export * from './weight';\nexport * from './point';`,
      'parts/weight.ts': `import { u256 } from '@enigma-worker/contract/assembly';\nexport type Weight = u256;`,
      'parts/point.ts': `import { struct } from '@enigma-worker/contract/assembly';
@struct class Point { x: u32; y: u32; }
export { Point as Place };`,
      'parts/limit.ts': `import { u256 } from '@enigma-worker/contract/assembly'; export const LIMIT = u256.parse('1000');`,
    };
    const contract = await compileContract('main.ts', { read: async (path) => files[path] });
    expect(contract.abi[1]).toMatchObject({ inputs: [{ type: 'tuple' }, { type: 'uint256[]' }] });
    expect(contract.sources).toHaveLength(5);
    expect(new Harness(contract).deploy().call('far', { x: 6, y: 0 }, [7n])).toBe(1042n);
  });

  it('takes classes that files export as their default', async () => {
    const files: Record<string, string> = {
      'main.ts': `${IMPORT}import Point from './point';
@contract export default class C { @view sum(point: Point): u32 { return point.x + point.y; } }`,
      'point.ts': `${IMPORT}@struct export default class Place { x: u32; y: u32; }`,
    };
    const contract = await compileContract('main.ts', { read: async (path) => files[path] });
    expect(new Harness(contract).deploy().call('sum', { x: 6, y: 7 })).toBe(13);
  });

  it('finds the packages that a contract imports, from wherever it is compiled', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'enigma-contract-'));
    try {
      mkdirSync(join(directory, 'node_modules/helper'), { recursive: true });
      mkdirSync(join(directory, 'assembly'));
      writeFileSync(
        join(directory, 'node_modules/helper/index.ts'),
        'export function twice(x: u32): u32 { return 2 * x; }',
      );
      const source = `${IMPORT}import { twice } from 'helper';\n@contract class C { @view f(x: u32): u32 { return twice(x); } }`;
      writeFileSync(join(directory, 'assembly/contract.ts'), source);
      const contract = await compileContract(join(directory, 'assembly/contract.ts'));
      expect(new Harness(contract).deploy().call('f', 21)).toBe(42);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('asks Ethereum for typed calls, whatever the parameters are called', async () => {
    const source = `${IMPORT}@struct class Pair { item: u8; writer: string; }
@ethereum class Target extends EthereumContract {
  plain(): void {}
  many(writer: u256, item: u32[], i0: Fixed2<string>, pair: Pair[], outside: bool): void {}
}
@contract class C {
  plain(target: Address): void { new Target(target).plain(); }
  many(target: Address, a: u256, b: u32[], c: Fixed2<string>, d: Pair[], e: bool): void { new Target(target).many(a, b, c, d, e); }
}`;
    const contract = new Harness(await compileText(source)).deploy();
    const target = '0x00000000000000000000000000000000000000e7';
    const expected = parseAbi([
      'struct Pair { uint8 item; string writer; }',
      'function plain()',
      'function many(uint256, uint32[], string[2], Pair[], bool)',
    ]);
    const values = [5n, [1, 2, 3], ['a', ''], [{ item: 7, writer: 'x' }], true] as const;
    const sent = contract.run('call', 'many', contract.encode('many', [target, ...values])).ethereum;
    expect(bytesToHex(sent?.address ?? new Uint8Array())).toBe(target);
    expect(bytesToHex(sent?.payload ?? new Uint8Array())).toBe(
      encodeFunctionData({ abi: expected, functionName: 'many', args: [...values] }),
    );
    const plain = contract.run('call', 'plain', contract.encode('plain', [target])).ethereum;
    expect(bytesToHex(plain?.payload ?? new Uint8Array())).toBe(
      encodeFunctionData({ abi: expected, functionName: 'plain' }),
    );
  });

  it('keeps to WebAssembly 1.0 when asked', async () => {
    const wabt = await loadWabt();
    const none = Object.fromEntries(
      ['bulk_memory', 'sign_extension', 'sat_float_to_int', 'multi_value'].map((name) => [name, false]),
    );
    const contract = await compileText(COUNTER, { features: 'mvp' });
    expect(() => wabt.readWasm(contract.wasm, none).validate()).not.toThrow();
    expect(() => wabt.readWasm(counter.wasm, none).validate()).toThrow();
    expect(new Harness(contract).deploy().call('add', 3)).toBe(3);
  });

  it('is the same whether compiled alone or beside others', async () => {
    for (const { wasm } of await Promise.all([compileText(COUNTER), compileText(COUNTER)]))
      expect(Buffer.from(wasm).equals(Buffer.from(counter.wasm))).toBe(true);
  });

  it('is what examples/ holds', () => {
    const script = new URL('../../../examples/build.mjs', import.meta.url);
    execFileSync(process.execPath, [script.pathname, '--check']);
  });
});
