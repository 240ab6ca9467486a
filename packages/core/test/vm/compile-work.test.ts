import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { buildContract } from '#vm/wasm/build.js';
import { inspectModule } from '#vm/wasm/inspect.js';
import { instrument } from '#vm/wasm/instrument.js';
import { builtLimits, defaultModuleLimits } from '#vm/wasm/limits.js';
import type { Variant } from '#vm/wasm/metering.js';
import { wasm } from '#vm/webassembly.js';
import { moduleOf, u32 } from './support/binary.js';
import { exe } from './support/contract.js';

const variants = ['exact', 'fast'] as const;
const limit = defaultModuleLimits.functionWork;
/** Bytes of a function that V8 compiles at most. */
const longestForV8 = 7_654_321;

const f64 = 0x7c;
const i32 = 0x7f;
const i64 = 0x7e;

/** A function that does the same many times between a beginning and an end. */
interface Shape {
  readonly name: string;
  /** Types of the locals. */
  readonly locals: readonly number[];
  readonly before: readonly number[];
  readonly again: readonly number[];
  readonly after: readonly number[];
  /** Work of `again`. */
  readonly work: number;
}

const keepF64 = [0x21, 0, 0x41, 0, 0x20, 0, 0x39, 0, 0];
const keepI64 = [0x21, 0, 0x41, 0, 0x20, 0, 0x37, 0, 0];
const targets = 1_000;

/** What takes V8 most for its size. */
const shapes: readonly Shape[] = [
  { name: 'square roots', locals: [f64], before: [0x20, 0], again: [0x9f], after: keepF64, work: 4 },
  {
    name: 'saturating conversions',
    locals: [i64],
    before: [0x20, 0],
    again: [0xba, 0xfc, 7],
    after: keepI64,
    work: 2 + 16,
  },
  {
    name: 'divisions',
    locals: [i64, i64],
    before: [0x20, 0],
    again: [0x20, 1, 0x7f],
    after: keepI64,
    work: 4,
  },
  {
    name: 'selections',
    locals: [f64, f64, i32],
    before: [0x20, 0],
    again: [0x20, 1, 0x20, 2, 0x1b],
    after: keepF64,
    work: 3,
  },
  {
    name: 'loops with stores',
    locals: [i32],
    before: [],
    again: [0x03, 0x40, 0x20, 0, 0x28, 0, 0, 0x22, 0, 0x20, 0, 0x36, 0, 0, 0x20, 0, 0x0d, 0, 0x0b],
    after: [],
    work: 256 + 1 + 4 + 1 + 8 + 9 + 1,
  },
  {
    name: 'conditions',
    locals: [i32],
    before: [],
    again: [0x20, 0, 0x28, 0, 0, 0x04, 0x40, 0x20, 0, 0x28, 0, 0, 0x21, 0, 0x0b],
    after: [],
    work: 4 + 17 + 4 + 1 + 1,
  },
  {
    name: 'tables of branches',
    locals: [i32],
    before: [],
    again: [
      0x02,
      0x40,
      0x20,
      0,
      0x0e,
      ...u32(targets),
      ...Array.from({ length: targets + 1 }, () => 0),
      0x0b,
    ],
    after: [],
    work: 9 + 9 + 2 * targets + 1,
  },
  {
    name: 'conditions over many locals',
    locals: Array.from({ length: 3_000 }, () => i64),
    before: [],
    again: [0x42, 1, 0x21, 7, 0x20, 7, 0xa7, 0x04, 0x40, 0x0b],
    after: [],
    work: 1 + 1 + 1 + 16 + 2 * Math.ceil(3_000 / 32),
  },
];

function moduleWith({ locals, before, again, after }: Shape, times: number): Uint8Array {
  const code = [...before, ...Array.from({ length: times }, () => again).flat(), ...after];
  return moduleOf(code, [...u32(locals.length), ...locals.flatMap((type) => [1, type])]);
}

/** As often as a function may do it, but for a little that beginning and end take. */
function most({ work, again }: Shape): number {
  return Math.min(Math.floor((limit - 100) / work), Math.floor(1_000_000 / again.length));
}

const program = `
const { readFileSync } = require('node:fs');
const code = readFileSync(0);
const before = process.resourceUsage().maxRSS;
new WebAssembly.Module(code);
console.log(process.resourceUsage().maxRSS - before);
`;

/** How much memory V8 takes in between, in MiB, when it compiles metered code for good. */
async function compilingMb(code: Uint8Array): Promise<number> {
  const optimiseAtOnce = ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-wasm-dynamic-tiering'];
  const running = promisify(execFile)(process.execPath, [...optimiseAtOnce, '-e', program]);
  running.child.stdin?.end(code);
  return Number((await running).stdout) / 1024;
}

describe.each(shapes)('a function full of $name', (shape) => {
  const times = most(shape);
  const bytes = moduleWith(shape, times);

  test('is accepted, and refused when it is a little longer', () => {
    expect(inspectModule(bytes).refusals).toEqual([]);
    const tooMuch = moduleWith(shape, times + Math.ceil(200 / shape.work));
    if (tooMuch.length > defaultModuleLimits.functionBytes) return;
    expect(inspectModule(tooMuch).refusals.map(({ message }) => message)).toEqual([
      expect.stringMatching(/: \d+ units of work to compile a function, at most 300000 are allowed$/),
    ]);
    expect(() => buildContract(tooMuch)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
    const built = buildContract(tooMuch, { ...defaultModuleLimits, functionWork: Infinity }).exe;
    for (const variant of variants) {
      expect(() => instrument(built, variant, builtLimits(defaultModuleLimits))).toThrow(
        expect.objectContaining({ code: 'LIMIT' }),
      );
    }
  });

  test.each(variants)('compiles, %s', (variant: Variant) => {
    const { code } = instrument(buildContract(bytes).exe, variant);
    expect(code.length).toBeLessThan(longestForV8);
    expect(wasm.validate(code)).toBe(true);
  });

  test('does not take the memory of the host', async () => {
    const { code } = instrument(buildContract(bytes).exe, 'fast');
    expect(await compilingMb(code)).toBeLessThan(400);
  }, 180_000);
});

test('code that no run comes by is not metered', () => {
  const dead = [0x00, ...Array.from({ length: 20_000 }, () => [0x36, 0, 0, 0x28, 0, 0, 0x1a]).flat()];
  const { exe: contract } = buildContract(moduleOf(dead));
  for (const variant of variants) {
    expect(instrument(contract, variant).code.length).toBeLessThan(contract.length + 1_000);
  }
});

test('what one contract may hold in all its functions is not limited by what one may be', () => {
  const work = `(func ${'(drop (f64.sqrt (f64.const 2)))'.repeat(10_000)})`;
  const { length } = exe(`(module (memory 1) ${work.repeat(10)} (func (export "call")))`).load();
  expect(length).toBeGreaterThan(0);
});
