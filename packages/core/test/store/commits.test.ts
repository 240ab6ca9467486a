import { once } from 'node:events';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as Threads from 'node:worker_threads';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeOperation, encodeOperation } from '#store/commits/operation-codec.js';
import { openStore } from '#store/open.js';
import type { StateChange, StateHead, TaskCommit } from '#store/records.js';
import type { Store } from '#store/store.js';
import { addressOf, bytes, storeErrorOf, temporaryFolder } from './support.js';

const CONTRACTS = 16;

function head(contract: number, index: number): StateHead {
  return { id: bytes(16, contract), index, hash: bytes(32, 1000 * contract + index), shape: 'object' };
}

function commit(contract: number, index: number): TaskCommit {
  const state: StateChange = {
    base: index === 0 ? undefined : head(contract, index - 1),
    head: head(contract, index),
    writes: [{ tag: bytes(16, 3), value: bytes(40, index) }],
  };
  return {
    address: addressOf(contract),
    delta: bytes(90, 1000 * contract + index),
    state,
    ...(index === 0 && { bytecode: bytes(50, 1) }),
  };
}

/** Tasks of many contracts side by side, each contract's one after the other. */
async function runTasks(store: Store, from: number, to: number): Promise<void> {
  await Promise.all(
    Array.from({ length: CONTRACTS }, async (_, contract) => {
      for (let index = from; index < to; index++) await store.commitTask(commit(contract, index));
    }),
  );
}

function expectTasks(store: Store, count: number): void {
  for (let contract = 0; contract < CONTRACTS; contract++) {
    const address = addressOf(contract);
    expect(store.contract(address)).toMatchObject({
      tip: count - 1,
      deltaCount: count,
      state: head(contract, count - 1),
    });
    expect(store.getTip(address)?.data).toEqual(bytes(90, 1000 * contract + count - 1));
    expect(store.stateValue(bytes(16, contract), bytes(16, 3))).toEqual(bytes(40, count - 1));
    for (let index = 0; index < count; index++)
      expect(store.delta(address, index)).toEqual(bytes(90, 1000 * contract + index));
  }
}

describe('commits of many tasks at a time', () => {
  it('are all there when they are acknowledged, and after the next start', async () => {
    const folder = await temporaryFolder();
    const operations: number[] = [];
    const observer = {
      committed: (_: number, count: number): void => void operations.push(count),
      failed: (): void => undefined,
    };
    const store = await openStore(folder, { observer });
    operations.length = 0;
    await runTasks(store, 0, 40);
    expectTasks(store, 40);
    expect(operations.reduce((sum, count) => sum + count)).toBe(CONTRACTS * 40);
    // They shared their flushes: fewer than one for every two.
    expect(operations.length).toBeLessThan((CONTRACTS * 40) / 2);
    // The last ones are under way when it closes.
    const last = runTasks(store, 40, 41);
    await Promise.all([last, store.close()]);

    const again = await openStore(folder);
    onTestFinished(() => again.close());
    expectTasks(again, 41);
    await runTasks(again, 41, 45);
    expectTasks(again, 45);
  });

  it('fail one by one, each with its own error, and leave nothing', async () => {
    const folder = await temporaryFolder();
    const store = await openStore(folder);
    onTestFinished(() => store.close());
    await runTasks(store, 0, 20);
    const outcomes = Array.from({ length: CONTRACTS }, async (_, contract) => {
      // Every other one starts from a state that is not there.
      const wrong = contract % 2 === 1;
      const error = await storeErrorOf(() => store.commitTask(commit(contract, wrong ? 30 : 20))).catch(
        () => undefined,
      );
      expect(error?.code).toBe(wrong ? 'CONFLICT' : undefined);
      expect(store.contract(addressOf(contract))?.tip).toBe(wrong ? 19 : 20);
      expect(store.getTip(addressOf(contract))?.key).toBe(wrong ? 19 : 20);
    });
    await Promise.all(outcomes);
  });

  it('are shared by writers of deltas too, also after one was alone', async () => {
    const operations: number[] = [];
    const observer = {
      committed: (_: number, count: number): void => void operations.push(count),
      failed: (): void => undefined,
    };
    const store = await openStore(await temporaryFolder(), { observer });
    onTestFinished(() => store.close());
    for (let key = 0; key < 3; key++)
      await store.updateDeltas([{ address: addressOf(99), key, data: bytes(60, key) }]);
    operations.length = 0;
    await Promise.all(
      Array.from({ length: CONTRACTS }, async (_, writer) => {
        for (let key = 0; key < 20; key++)
          await store.updateDeltas([{ address: addressOf(writer), key, data: bytes(60, key) }]);
      }),
    );
    expect(operations.reduce((sum, count) => sum + count)).toBe(CONTRACTS * 20);
    expect(operations.length).toBeLessThan((CONTRACTS * 20) / 4);
  });

  it('tell each writer of deltas which of them were refused', async () => {
    const folder = await temporaryFolder();
    const store = await openStore(folder);
    onTestFinished(() => store.close());
    const delta = (contract: number, key: number, seed: number) => ({
      address: addressOf(contract),
      key,
      data: bytes(60, seed),
    });
    const write = async (contract: number): Promise<void> => {
      for (let key = 0; key < 30; key += 3) {
        const first = [
          delta(contract, key, key),
          delta(contract, key + 1, key),
          delta(contract, key + 2, key),
        ];
        expect(await store.updateDeltas(first)).toEqual([true, true, true]);
        // The same again is fine, another one in its place is not.
        const second = [
          delta(contract, key, key),
          delta(contract, key + 1, 77),
          delta(contract, key + 2, key),
        ];
        expect(await store.updateDeltas(second)).toEqual([true, false, true]);
        expect(store.getTip(addressOf(contract))).toEqual(delta(contract, key + 2, key));
        expect(store.delta(addressOf(contract), key + 1)).toEqual(bytes(60, key));
      }
    };
    await Promise.all(Array.from({ length: CONTRACTS }, (_, contract) => write(contract)));
  });

  it('of deltas wait for the removal of what was there', async () => {
    const store = await openStore(await temporaryFolder());
    onTestFinished(() => store.close());
    // Many more than are deleted at once, and others who write at the same time.
    const old = Array.from({ length: 3000 }, (_, key) => ({
      address: addressOf(1),
      key,
      data: bytes(20, key),
    }));
    await store.updateDeltas(old);
    const others = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let key = 0; key < 50; key++)
          await store.updateDeltas([{ address: addressOf(10 + writer), key, data: bytes(20, key) }]);
      }),
    );
    await store.removeContract(addressOf(1));
    const fresh = { address: addressOf(1), key: 0, data: bytes(20, 99) };
    expect(await store.updateDeltas([fresh])).toEqual([true]);
    await others;
    expect(store.contract(addressOf(1))).toMatchObject({ tip: 0, deltaCount: 1 });
    expect(await store.getDeltas([{ address: addressOf(1), from: 0, to: 5000 }])).toEqual([fresh]);
  });

  it('stand beside the other writes', async () => {
    const folder = await temporaryFolder();
    const store = await openStore(folder);
    onTestFinished(() => store.close());
    const other = Array.from({ length: 200 }, (_, key) =>
      store.updateDeltas([{ address: addressOf(99), key, data: bytes(60, key) }]),
    );
    await Promise.all([runTasks(store, 0, 30), ...other, store.putBlob('name', bytes(20, 5))]);
    expectTasks(store, 30);
    expect(store.contract(addressOf(99))).toMatchObject({ tip: 199, deltaCount: 200 });
    expect(store.blob('name')).toEqual(bytes(20, 5));
  });
});

/** The threads that are started from now on, until the test is over. */
function watchThreads(): Threads.Worker[] {
  const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Threads.Worker };
  const { Worker } = threads;
  const started: Threads.Worker[] = [];
  threads.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      started.push(this);
    }
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    threads.Worker = Worker;
    syncBuiltinESMExports();
  });
  return started;
}

describe('the thread that commits', () => {
  it('may end after it stored something and before it said so: whoever asks is told of what is stored', async () => {
    const threads = watchThreads();
    const folder = await temporaryFolder();
    const store = await openStore(folder);
    onTestFinished(() => store.close());
    const delta = (contract: number, key: number) => ({
      address: addressOf(contract),
      key,
      data: bytes(60, key),
    });
    const write = (key: number) =>
      Promise.allSettled([0, 1, 2].map((contract) => store.updateDeltas([delta(contract, key)])));
    await write(0);
    let key = 1;
    const thread = threads[0]!;
    const answers: unknown[] = [];
    thread.on('message', (message) => message === 'ready' || answers.push(message));
    for (; answers.length === 0; key++) await write(key);
    for (const contract of [0, 1, 2]) expect(store.getTip(addressOf(contract))?.key).toBe(key - 1);

    thread.removeAllListeners('message');
    const last = write(key);
    // It says so, but nobody hears it.
    await once(thread, 'message');
    await thread.terminate();
    expect((await last).map(({ status }) => status)).toContain('rejected');
    for (const contract of [0, 1, 2]) expect(store.getTip(addressOf(contract))).toEqual(delta(contract, key));
    expect((await write(key + 1)).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
  });
});

describe('the codec of operations', () => {
  const some = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length });
  const anyHead = fc.record({
    id: some(16),
    index: fc.nat(0xffff_ffff),
    hash: some(32),
    shape: fc.constantFrom('object' as const, 'whole' as const),
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(
        fc.record({
          address: some(32),
          delta: fc.uint8Array({ maxLength: 2000 }),
          state: fc.record({
            base: fc.option(anyHead, { nil: undefined }),
            head: anyHead,
            writes: fc.array(
              fc.record({
                tag: some(16),
                value: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
              }),
              { maxLength: 30 },
            ),
          }),
        }),
        (commit) => {
          const operation = { kind: 'task' as const, commit };
          expect(decodeOperation(encodeOperation(operation))).toEqual(operation);
        },
      ),
    );
  });

  it('reads the deltas that it wrote', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            address: some(32),
            key: fc.nat(0xffff_ffff),
            data: fc.uint8Array({ maxLength: 2000 }),
          }),
          { maxLength: 30 },
        ),
        (deltas) => {
          const operation = { kind: 'deltas' as const, deltas };
          expect(decodeOperation(encodeOperation(operation))).toEqual(operation);
        },
      ),
    );
  });
});
