import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dirtySlackBytes, instrument } from '#vm/wasm/instrument.js';
import { wasm } from '#vm/webassembly.js';
import { randomModule } from './random-module.js';
import { runReference } from './reference.js';
import type { ReferenceRun } from './reference.js';
import { exeOf, runInstrumented } from './support.js';
import type { Run } from './support.js';

const host = { fetch_args_length: () => 41 };
const chunkBytes = 128 * 1024;
const runs = 200;
/** Modules that take more gas are left out, for they take long. */
const longest = 3_000_000n;

/** Where a contract wrote without marking it: a mark covers a chunk, and a little after it. */
function unmarked(run: Run): number | undefined {
  const touched = Buffer.from(run.memory);
  for (const [index, byte] of initialBytes) touched[index] = (touched[index] ?? 0) ^ byte;
  for (let chunk = 0; chunk * chunkBytes < touched.length; chunk += 1) {
    if (((run.dirty >> BigInt(chunk)) & 1n) === 0n) continue;
    const end = Math.min(touched.length, (chunk + 1) * chunkBytes + dirtySlackBytes);
    touched.fill(0, chunk * chunkBytes, end);
  }
  const place =
    touched.compare(Buffer.alloc(touched.length)) === 0 ? -1 : touched.findIndex((byte) => byte !== 0);
  return place < 0 ? undefined : place;
}

/** What the data segments of a random module hold. */
const initialBytes = [
  ...[...Buffer.from('some data to read')].map((byte, index) => [1000 + index, byte] as const),
  ...[...Buffer.from('across a chunk')].map((byte, index) => [131_070 + index, byte] as const),
];

function sameMemory(run: Run, reference: ReferenceRun): boolean {
  const length = Math.min(run.memory.length, reference.memory.length);
  return Buffer.compare(run.memory.subarray(0, length), reference.memory.subarray(0, length)) === 0;
}

test('metered contracts do what plain ones do, and count the same gas', () => {
  let trapped = 0;
  let ended = 0;
  fc.assert(
    fc.property(
      fc.integer(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (seed, share, jumps) => {
        const exe = exeOf(randomModule(seed, jumps));
        const instrumented = { exact: instrument(exe, 'exact'), fast: instrument(exe, 'fast') };
        expect(wasm.validate(instrumented.exact.code)).toBe(true);
        expect(wasm.validate(instrumented.fast.code)).toBe(true);

        const exact = runInstrumented(instrumented.exact, longest, host);
        fc.pre(exact.status === 0);
        const reference = runReference(exe, host);
        expect({ trap: exact.trap, gas: exact.gas, calls: exact.calls }).toEqual({
          trap: reference.trap,
          gas: reference.gas,
          calls: reference.calls,
        });
        expect(sameMemory(exact, reference)).toBe(true);
        expect(unmarked(exact)).toBe(undefined);

        const fast = runInstrumented(instrumented.fast, undefined, host);
        if (reference.trap === undefined) {
          ended += 1;
          expect(fast).toMatchObject({
            trap: undefined,
            gas: reference.gas,
            calls: reference.calls,
            status: 0,
          });
          expect(sameMemory(fast, reference)).toBe(true);
          expect(unmarked(fast)).toBe(undefined);
        } else {
          trapped += 1;
          expect(fast.trap).toBeDefined();
          expect(fast.status).toBe(0);
        }

        // With just enough, and with a little more, fast code does not run out: not even before a trap.
        for (const more of [0n, 1n, BigInt(Math.floor(300 * share))]) {
          const enough = reference.gas + more;
          const { trap, gas, status } = runInstrumented(instrumented.exact, enough, host);
          expect({ trap, gas, status }).toEqual({ trap: reference.trap, gas: reference.gas, status: 0 });
          const quick = runInstrumented(instrumented.fast, enough, host);
          expect(quick.status).toBe(0);
          if (reference.trap === undefined)
            expect(quick).toMatchObject({ trap: undefined, gas: reference.gas });
          else expect(quick.trap).toBeDefined();
        }

        // Anywhere short of what it takes, both run out, exactly; fast code may also have seen a trap first.
        const limit = BigInt(Math.floor(Number(reference.gas) * share));
        if (limit < reference.gas) {
          expect(runInstrumented(instrumented.exact, limit, host)).toMatchObject({ gas: limit, status: 1 });
          const short = runInstrumented(instrumented.fast, limit, host);
          expect(short.trap).toBeDefined();
          if (reference.trap === undefined || short.status === 1)
            expect(short).toMatchObject({ gas: limit, status: 1 });
        }
      },
    ),
    {
      numRuns: runs,
      examples: [
        // Makes a NaN whose bits are its own in plain code.
        [685_144_475, 0.5, false],
        // Leave a loop that comes round by a table past a branch to an outer one, with all gas used.
        [4_339_612, 0, true],
        [8_014_028, 0, true],
        [30_147_633, 0, true],
      ],
    },
  );
  // The generator is of use only if both happen.
  expect(trapped).toBeGreaterThan(runs / 20);
  expect(ended).toBeGreaterThan(runs / 8);
}, 120_000);
