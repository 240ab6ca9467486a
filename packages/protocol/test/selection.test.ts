import { fromHex, toHex } from '@enigma-worker/crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError, selectWorkers, type StakedWorker } from '@enigma-worker/protocol';
import { vectorNamed } from './vectors.js';

interface Epoch {
  readonly seed: string;
  readonly workers: readonly string[];
  readonly stakes: readonly string[];
}

interface Row {
  readonly contract: string;
  readonly first: string;
  readonly group_of_3: readonly string[];
}

function workersOf({ workers, stakes }: Epoch): StakedWorker[] {
  return workers.map((address, i) => ({ address: fromHex(address), stake: BigInt(stakes[i]!) }));
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof ProtocolError ? error.code : 'another error';
  }
}

describe('selection of workers', () => {
  const weighted = vectorNamed<Epoch, { rows: readonly Row[] }>('selection', 'weighted');
  const parameters = { seed: BigInt(weighted.inputs.seed), workers: workersOf(weighted.inputs) };

  it.each(weighted.outputs.rows)('gives the known answer for $contract', (row) => {
    const contract = fromHex(row.contract);
    expect(selectWorkers(parameters, contract).map(toHex)).toEqual([row.first]);
    expect(selectWorkers(parameters, contract, 3).map(toHex)).toEqual(row.group_of_3);
  });

  it('gives the known answer when the draw is exactly the first stake', () => {
    const { inputs, outputs } = vectorNamed<Epoch & { contract: string }, { first: string }>(
      'selection',
      'boundary',
    );
    const epoch = { seed: BigInt(inputs.seed), workers: workersOf(inputs) };
    expect(selectWorkers(epoch, fromHex(inputs.contract)).map(toHex)).toEqual([outputs.first]);
  });

  it('chooses nobody from nobody', () => {
    expect(selectWorkers({ seed: 1n, workers: [] }, new Uint8Array(32), 3)).toEqual([]);
    expect(selectWorkers(parameters, new Uint8Array(32), 0)).toEqual([]);
  });

  it('cuts a group that is larger than the epoch', () => {
    const group = selectWorkers(parameters, new Uint8Array(32), 100);
    expect(new Set(group.map(toHex)).size).toBe(parameters.workers.length);
  });

  it('refuses stakes that add up to nothing, and gives up on a worker that cannot be drawn', () => {
    const worker = (address: number, stake: bigint): StakedWorker => ({
      address: new Uint8Array(20).fill(address),
      stake,
    });
    const nothing = { seed: 1n, workers: [worker(1, 0n), worker(2, 0n)] };
    expect(codeOf(() => selectWorkers(nothing, new Uint8Array(32)))).toBe('SELECTION_IMPOSSIBLE');
    // With stakes 1, 1, 1 a draw is 0, 1 or 2: the first two workers take them all.
    const unreachable = { seed: 1n, workers: [worker(1, 1n), worker(2, 1n), worker(3, 1n)] };
    expect(codeOf(() => selectWorkers(unreachable, new Uint8Array(32), 3))).toBe('SELECTION_IMPOSSIBLE');
    expect(selectWorkers(unreachable, new Uint8Array(32), 2).length).toBe(2);
  });

  it('chooses different workers of the epoch, the same for everyone who asks', () => {
    const stake = fc.bigInt({ min: 1_000_000n, max: 1n << 128n });
    const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
    const epoch = fc.record({
      seed: fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
      workers: fc.uniqueArray(fc.record({ address, stake }), {
        minLength: 1,
        maxLength: 6,
        selector: (worker) => toHex(worker.address),
      }),
    });
    fc.assert(
      fc.property(epoch, fc.uint8Array({ minLength: 32, maxLength: 32 }), (chosenEpoch, contract) => {
        const one = selectWorkers(chosenEpoch, contract).map(toHex);
        const known = new Set(chosenEpoch.workers.map((worker) => toHex(worker.address)));
        expect(one.length).toBe(1);
        expect(known.has(one[0]!)).toBe(true);
        expect(selectWorkers(chosenEpoch, contract).map(toHex)).toEqual(one);
      }),
      { numRuns: 50 },
    );
  });
});
