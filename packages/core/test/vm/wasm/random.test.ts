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
const runs = 250;

/** Whatever the contract wrote is marked: a chunk, and a little after it. */
function unmarked(run: Run, initial: Uint8Array): number | undefined {
  const covered = new Uint8Array(run.memory.length);
  for (let chunk = 0; chunk < 64; chunk += 1) {
    if (((run.dirty >> BigInt(chunk)) & 1n) === 0n) continue;
    covered.fill(1, chunk * chunkBytes, (chunk + 1) * chunkBytes + dirtySlackBytes);
  }
  const place = run.memory.findIndex((byte, index) => covered[index] === 0 && byte !== (initial[index] ?? 0));
  return place < 0 ? undefined : place;
}

function initialMemory(): Uint8Array {
  const memory = new Uint8Array(128 * 65_536);
  memory.set(new TextEncoder().encode('some data to read'), 1000);
  memory.set(new TextEncoder().encode('across a chunk'), 131_070);
  return memory;
}

function sameMemory(run: Run, reference: ReferenceRun): boolean {
  const length = Math.min(run.memory.length, reference.memory.length);
  return Buffer.compare(run.memory.subarray(0, length), reference.memory.subarray(0, length)) === 0;
}

test('metered contracts do what plain ones do, and count the same gas', () => {
  let trapped = 0;
  let ended = 0;
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, share) => {
      const exe = exeOf(randomModule(seed));
      const reference = runReference(exe, host);
      const instrumented = { exact: instrument(exe, 'exact'), fast: instrument(exe, 'fast') };
      expect(wasm.validate(instrumented.exact.code)).toBe(true);
      expect(wasm.validate(instrumented.fast.code)).toBe(true);

      const exact = runInstrumented(instrumented.exact, undefined, host);
      expect({ trap: exact.trap, gas: exact.gas, calls: exact.calls }).toEqual({
        trap: reference.trap,
        gas: reference.gas,
        calls: reference.calls,
      });
      expect(sameMemory(exact, reference)).toBe(true);
      expect(unmarked(exact, initialMemory())).toBe(undefined);

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
        expect(unmarked(fast, initialMemory())).toBe(undefined);
      } else {
        trapped += 1;
        expect(fast.trap).toBeDefined();
        expect(fast.status).toBe(0);
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
    }),
    { numRuns: runs },
  );
  // The generator is of use only if both happen.
  expect(trapped).toBeGreaterThan(runs / 20);
  expect(ended).toBeGreaterThan(runs / 4);
}, 120_000);
