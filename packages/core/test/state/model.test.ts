import { applyOps, diff, type Json, openDelta, printJson } from '@enigma-worker/protocol';
import * as fc from 'fast-check';
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { isBehind, type Store } from '#store/store.js';
import { openStore } from '#store/open.js';
import { addressOf, bytes, temporaryFolder } from '../store/support.js';
import { build, Chain, readAll, runTask, textsOf } from './contract.js';

// Random sequences of everything that can happen to a contract, against a model that keeps each whole
// state as JSON.

const ADDRESS = addressOf(1);
const STATE_KEY = bytes(32, 5);
const KEYS = ['a', 'b', 'c', '', '/', '~1', '__proto__', 'é'];

const value: fc.Arbitrary<Json> = fc.letrec<{ node: Json; map: Map<string, Json> }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom<Json[]>(null, true, 'text', 0n, -1n, 2n ** 64n - 1n, -(2n ** 63n), 0, -0, 1.5, 1e300),
    fc.array(tie('node'), { maxLength: 4 }),
    tie('map'),
  ),
  map: fc
    .array(fc.tuple(fc.constantFrom(...KEYS), tie('node')), { maxLength: 4 })
    .map((entries) => new Map(entries)),
})).node;

const object = fc.array(fc.tuple(fc.constantFrom(...KEYS), value)).map((entries): Json => new Map(entries));
const writes = fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.option(value, { nil: undefined })), {
  maxLength: 4,
});
const indices = fc.array(fc.nat(20), { maxLength: 6 });

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('task' as const), writes }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('foreign' as const), state: object }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('foreign' as const), state: value }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), order: indices }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('build' as const), deltas: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      from: fc.nat(10),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revert' as const), to: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly #folder: string;
  #store: Store;
  readonly #chain = new Chain(STATE_KEY);
  readonly #stored = new Set<number>();

  private constructor(folder: string, store: Store) {
    this.#folder = folder;
    this.#store = store;
  }

  static async start(folder: string): Promise<Run> {
    return new Run(folder, await openStore(folder));
  }

  async step(action: Command): Promise<void> {
    switch (action.do) {
      case 'task':
        return this.#task(new Map(action.writes));
      case 'foreign':
        return this.#chain.append(action.state);
      case 'deliver':
        return this.#deliver(action.order);
      case 'build':
        return this.#build(action.deltas);
      case 'lose':
        return this.#remove(action.from, action.from + action.count);
      case 'revert':
        await this.#remove(action.to, 2 ** 32);
        this.#chain.deltas.splice(action.to);
        this.#chain.states.splice(action.to);
        return undefined;
      case 'restart':
        await this.#store.close();
        this.#store = await openStore(this.#folder);
    }
  }

  async finish(): Promise<void> {
    await this.#deliver([...this.#chain.deltas.keys()]);
    await this.#build(1000);
    await this.#store.close();
  }

  /** How many deltas are stored without a gap. */
  get #whole(): number {
    let count = 0;
    while (this.#stored.has(count)) count++;
    return count;
  }

  async #task(written: ReadonlyMap<string, Json | undefined>): Promise<void> {
    const { length } = this.#chain.deltas;
    const record = this.#store.contract(ADDRESS);
    const isCurrent = this.#whole === length && (record === undefined || !isBehind(record));
    if (!isCurrent) return;
    const before = this.#chain.state;
    const after = new Map(before instanceof Map ? before : []);
    for (const [key, item] of written) {
      if (item === undefined) after.delete(key);
      else after.set(key, item);
    }
    const isUnchanged = !(before instanceof Map) && after.size === 0;
    const ops = isUnchanged ? [] : diff(before, after);
    const writes = new Map(
      Array.from(written, ([key, item]) => [key, item === undefined ? undefined : printJson(item)]),
    );
    expect(await runTask(this.#store, ADDRESS, STATE_KEY, writes)).toBe(ops.length > 0);
    if (ops.length === 0) return;
    const envelope = this.#store.delta(ADDRESS, length)!;
    const delta = openDelta(STATE_KEY, envelope);
    expect(delta).toEqual({ ops, previousHash: this.#chain.hash });
    this.#chain.deltas.push(envelope);
    this.#chain.states.push(applyOps(before, ops));
    this.#stored.add(length);
    this.#check(length);
  }

  async #deliver(order: readonly number[]): Promise<void> {
    const indices = order.filter((index) => index < this.#chain.deltas.length);
    const results = await this.#store.updateDeltas(this.#chain.entries(ADDRESS, indices));
    expect(results).toEqual(indices.map(() => true));
    for (const index of indices) this.#stored.add(index);
  }

  async #build(deltas: number): Promise<void> {
    if (this.#store.contract(ADDRESS) === undefined) return;
    const next = await build(this.#store, ADDRESS, STATE_KEY, { deltas });
    const whole = this.#whole;
    expect(next).toEqual(whole === this.#stored.size ? 'done' : { index: whole, reason: 'MISSING' });
    if (whole > 0) this.#check(whole - 1);
    else expect(this.#store.contract(ADDRESS)?.state).toBeUndefined();
  }

  async #remove(from: number, to: number): Promise<void> {
    await this.#store.removeDeltas([{ address: ADDRESS, from, to }]);
    for (const index of this.#stored) if (index >= from && index < to) this.#stored.delete(index);
  }

  /** The stored state is that after the delta `index`. */
  #check(index: number): void {
    const { state } = this.#store.contract(ADDRESS)!;
    const expected = this.#chain.states[index]!;
    expect(state).toMatchObject({ index, shape: expected instanceof Map ? 'object' : 'whole' });
    // Maps compare without regard to order here.
    expect(readAll(this.#store, ADDRESS, STATE_KEY, KEYS)).toEqual(textsOf(expected));
    const values = [...this.#store.stateValues(state!.id)];
    expect(values).toHaveLength(expected instanceof Map ? expected.size : 1);
  }
}

it('whatever happens to a contract, its state is what its deltas make of it', async () => {
  const folder = await temporaryFolder();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
      const own = `${folder}/${runs++}`;
      const run = await Run.start(own);
      for (const action of commands) await run.step(action);
      await run.finish();
      await rm(own, { recursive: true });
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});
