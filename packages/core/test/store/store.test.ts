import { keccak256 } from '@enigma-worker/crypto';
import { describe, expect, it } from 'vitest';
import { openStoreReader } from '#store/reader.js';
import type { StateChange, StateHead } from '#store/records.js';
import { isBehind, type Store } from '#store/store.js';
import { addressOf, bytes, openTestStore, storeErrorOf, temporaryFolder, temporaryStore } from './support.js';

const A = addressOf(1);
const B = addressOf(2);
const UNKNOWN = addressOf(9999);

function headOf(index: number, delta: Uint8Array, id = bytes(16, 1)): StateHead {
  return { id, index, hash: keccak256(delta), shape: 'object' };
}

function change(
  base: StateHead | undefined,
  head: StateHead,
  tag = bytes(16, 9),
  value: Uint8Array | undefined = bytes(40, head.index),
): StateChange {
  return { base, head, writes: [{ tag, value }] };
}

async function deltaKeys(store: Store, address: Uint8Array, from = 0, to = 2 ** 32 - 1): Promise<number[]> {
  const deltas = await store.getDeltas([{ address, from, to }]);
  return deltas.map(({ key }) => key);
}

describe('UpdateNewContract', () => {
  it('stores bytecode under its hash, and once for all contracts that have it', async () => {
    const { store } = await temporaryStore();
    expect(await store.updateContract(A, bytes(1000, 1))).toBe(true);
    expect(await store.updateContract(B, bytes(1000, 1))).toBe(true);
    expect(store.getContract(A)).toEqual(bytes(1000, 1));
    expect(store.bytecode(keccak256(bytes(1000, 1)))).toEqual(bytes(1000, 1));
    await store.removeContract(A);
    expect(store.getContract(B)).toEqual(bytes(1000, 1));
    await store.removeContract(B);
    expect(store.bytecode(keccak256(bytes(1000, 1)))).toBeUndefined();
  });

  it('replaces bytecode only while there is no delta, or with the same', async () => {
    const { store } = await temporaryStore();
    await store.updateContract(A, bytes(10, 1));
    expect(await store.updateContract(A, bytes(10, 2))).toBe(true);
    expect(store.bytecode(keccak256(bytes(10, 1)))).toBeUndefined();
    await store.updateDeltas([{ address: A, key: 0, data: bytes(30, 1) }]);
    expect(await store.updateContract(A, bytes(10, 3))).toBe(false);
    expect(await store.updateContract(A, bytes(10, 2))).toBe(true);
    expect(store.getContract(A)).toEqual(bytes(10, 2));
  });

  it('takes the bytecode of a contract whose deltas came first', async () => {
    const { store } = await temporaryStore();
    await store.updateDeltas([{ address: A, key: 0, data: bytes(30, 1) }]);
    expect(store.getContract(A)).toBeUndefined();
    expect(await store.updateContract(A, bytes(10, 3))).toBe(true);
    expect(store.getTip(A)?.data).toEqual(bytes(30, 1));
  });

  it('keeps empty bytecode and an unknown contract apart', async () => {
    const { store } = await temporaryStore();
    await store.updateContract(A, new Uint8Array(0));
    expect(store.getContract(A)).toEqual(new Uint8Array(0));
    expect(store.getContract(UNKNOWN)).toBeUndefined();
  });
});

describe('UpdateDeltas', () => {
  it('takes deltas in any order, the same twice, and refuses another for a stored key', async () => {
    const { store } = await temporaryStore();
    const delta = (key: number, seed: number): { address: Uint8Array; key: number; data: Uint8Array } => {
      return { address: A, key, data: bytes(300, seed) };
    };
    expect(
      await store.updateDeltas([delta(2, 2), delta(0, 0), delta(0, 0), delta(2, 7), delta(1, 1)]),
    ).toEqual([true, true, true, false, true]);
    expect(await store.updateDeltas([delta(1, 8), delta(3, 3)])).toEqual([false, true]);
    expect(await deltaKeys(store, A)).toEqual([0, 1, 2, 3]);
    expect(store.delta(A, 1)).toEqual(bytes(300, 1));
    expect(store.contract(A)).toMatchObject({ tip: 3, deltaCount: 4, codeHash: undefined });
  });

  it('takes every index and every size', async () => {
    const { store } = await temporaryStore();
    const last = 2 ** 32 - 1;
    for (const [key, size] of [
      [0, 0],
      [1, 1],
      [2, 100_000],
      [last, 3_000_000],
    ] as const) {
      expect(await store.updateDeltas([{ address: A, key, data: bytes(size, key) }])).toEqual([true]);
      expect(Buffer.compare(store.delta(A, key)!, bytes(size, key))).toBe(0);
    }
    expect(await deltaKeys(store, A)).toEqual([0, 1, 2]);
    expect(await deltaKeys(store, A, 0, 2 ** 32)).toEqual([0, 1, 2, last]);
    expect(store.getTip(A)?.key).toBe(last);
  });

  it('serves many writers at once', async () => {
    const { store } = await temporaryStore();
    const writers = Array.from({ length: 64 }, (_, key) =>
      store.updateDeltas([{ address: A, key, data: bytes(50, key) }]),
    );
    expect((await Promise.all(writers)).flat().every(Boolean)).toBe(true);
    expect(store.contract(A)).toMatchObject({ tip: 63, deltaCount: 64 });
  });
});

describe('UpdateNewContractOnDeployment', () => {
  it('stores both or neither, and the same again', async () => {
    const { store } = await temporaryStore();
    const delta = { key: 0, data: bytes(100, 1) };
    expect(await store.updateContractOnDeployment(A, bytes(10, 1), delta)).toBe(true);
    expect(await store.updateContractOnDeployment(A, bytes(10, 1), delta)).toBe(true);
    expect(await store.updateContractOnDeployment(A, bytes(10, 2), delta)).toBe(false);
    expect(await store.updateContractOnDeployment(A, bytes(10, 1), { key: 0, data: bytes(100, 2) })).toBe(
      false,
    );
    expect(store.getContract(A)).toEqual(bytes(10, 1));
    expect(store.delta(A, 0)).toEqual(bytes(100, 1));
    await store.updateDeltas([{ address: B, key: 0, data: bytes(100, 3) }]);
    expect(await store.updateContractOnDeployment(B, bytes(10, 1), delta)).toBe(false);
    expect(store.getContract(B)).toBeUndefined();
  });
});

describe('RemoveContract and RemoveDeltas', () => {
  it('removes everything of one contract and nothing of others', async () => {
    const { store } = await temporaryStore();
    for (const address of [A, B]) {
      await store.updateContract(address, bytes(10, 1));
      await store.updateDeltas([0, 1].map((key) => ({ address, key, data: bytes(20, key) })));
    }
    await store.putStateKeys([{ address: A, sealed: bytes(60, 1) }]);
    await store.removeContract(A);
    await store.removeContract(UNKNOWN);
    expect(store.contract(A)).toBeUndefined();
    expect(store.getTip(A)).toBeUndefined();
    expect(store.delta(A, 0)).toBeUndefined();
    expect(store.stateKey(A)).toEqual(bytes(60, 1));
    expect(await store.getAllAddresses()).toEqual([B]);
    expect(await deltaKeys(store, B)).toEqual([0, 1]);
  });

  it('removes the range, end excluded, and finds the new tip', async () => {
    const { store } = await temporaryStore();
    await store.updateDeltas(
      Array.from({ length: 10 }, (_, key) => ({ address: A, key, data: bytes(20, key) })),
    );
    expect(store.getTip(A)?.key).toBe(9);
    await store.removeDeltas([{ address: A, from: 8, to: 10 }]);
    expect(store.getTip(A)?.key).toBe(7);
    await store.removeDeltas([
      { address: A, from: 2, to: 4 },
      { address: A, from: 50, to: 60 },
      { address: A, from: 5, to: 5 },
      { address: A, from: 6, to: 3 },
      { address: UNKNOWN, from: 0, to: 10 },
    ]);
    expect(await deltaKeys(store, A)).toEqual([0, 1, 4, 5, 6, 7]);
    expect(await deltaKeys(store, A, 1, 5)).toEqual([1, 4]);
    await store.removeDeltas([{ address: A, from: 0, to: 2 ** 32 - 1 }]);
    expect(store.getTip(A)).toBeUndefined();
    expect(store.contract(A)).toBeUndefined();
  });

  it('reaches the last index there can be', async () => {
    const { store } = await temporaryStore();
    const last = 2 ** 32 - 1;
    await store.updateDeltas([0, last - 1, last].map((key) => ({ address: A, key, data: bytes(20, key) })));
    expect(await deltaKeys(store, A, 1, last)).toEqual([last - 1]);
    expect(await deltaKeys(store, A, 1, last + 1)).toEqual([last - 1, last]);
    await store.removeDeltas([{ address: A, from: 1, to: last + 1 }]);
    expect(store.getTip(A)?.key).toBe(0);
  });

  it('a contract that keeps its bytecode stays known', async () => {
    const { store } = await temporaryStore();
    await store.updateContractOnDeployment(A, bytes(10, 1), { key: 0, data: bytes(20, 0) });
    await store.removeDeltas([{ address: A, from: 0, to: 1 }]);
    expect(store.contract(A)).toMatchObject({ tip: undefined, deltaCount: 0 });
    expect(await store.getAllTips()).toEqual([]);
    expect(await deltaKeys(store, A)).toEqual([]);
    expect((await storeErrorOf(() => store.getTips([A]))).code).toBe('NO_DELTA');
  });
});

describe('tasks and builds', () => {
  it('stores delta, values and head together', async () => {
    const { store } = await temporaryStore();
    const deployed = headOf(0, bytes(90, 0));
    await store.commitTask({
      address: A,
      delta: bytes(90, 0),
      state: change(undefined, deployed),
      bytecode: bytes(10, 1),
    });
    expect(store.contract(A)).toMatchObject({
      codeHash: keccak256(bytes(10, 1)),
      tip: 0,
      deltaCount: 1,
      state: deployed,
    });
    expect(store.stateValue(deployed.id, bytes(16, 9))).toEqual(bytes(40, 0));
    const next = headOf(1, bytes(90, 1));
    await store.commitTask({ address: A, delta: bytes(90, 1), state: change(deployed, next) });
    expect(store.getTip(A)).toEqual({ address: A, key: 1, data: bytes(90, 1) });
    expect([...store.stateValues(next.id)]).toEqual([{ tag: bytes(16, 9), value: bytes(40, 1) }]);
    const last = headOf(2, bytes(90, 2));
    await store.commitTask({
      address: A,
      delta: bytes(90, 2),
      state: { base: next, head: last, writes: [{ tag: bytes(16, 9), value: undefined }] },
    });
    expect([...store.stateValues(next.id)]).toEqual([]);
    expect(isBehind(store.contract(A)!)).toBe(false);
  });

  it('refuses a task whose start was overtaken, and a deployment to what exists', async () => {
    const { store } = await temporaryStore();
    const head = headOf(0, bytes(90, 0));
    const deployment = {
      address: A,
      delta: bytes(90, 0),
      state: change(undefined, head),
      bytecode: bytes(10, 1),
    };
    await store.commitTask(deployment);
    expect((await storeErrorOf(() => store.commitTask(deployment))).code).toBe('CONTRACT_EXISTS');
    const task = (seed: number): Promise<void> => {
      return store.commitTask({
        address: A,
        delta: bytes(90, seed),
        state: change(head, headOf(1, bytes(90, seed))),
      });
    };
    const [first, second] = await Promise.allSettled([task(1), task(2)]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    expect((await storeErrorOf(() => task(3))).code).toBe('CONFLICT');
    expect(store.delta(A, 1)).toEqual(bytes(90, 1));

    await store.updateDeltas([{ address: A, key: 2, data: bytes(90, 8) }]);
    const late = change(headOf(1, bytes(90, 1)), headOf(2, bytes(90, 2)));
    expect(
      (await storeErrorOf(() => store.commitTask({ address: A, delta: bytes(90, 2), state: late }))).code,
    ).toBe('CONFLICT');
    await store.updateDeltas([{ address: B, key: 0, data: bytes(90, 8) }]);
    const other = { ...deployment, address: B };
    expect((await storeErrorOf(() => store.commitTask(other))).code).toBe('CONTRACT_EXISTS');
  });

  it('builds on stored deltas only', async () => {
    const { store } = await temporaryStore();
    const deltas = [0, 1, 2].map((key) => ({ address: A, key, data: bytes(90, key) }));
    await store.updateDeltas(deltas);
    expect(isBehind(store.contract(A)!)).toBe(true);
    const built = headOf(1, bytes(90, 1));
    await store.commitBuild(A, change(undefined, built));
    expect(isBehind(store.contract(A)!)).toBe(true);
    expect((await storeErrorOf(() => store.commitBuild(A, change(undefined, built)))).code).toBe('CONFLICT');
    // Delta 2 is exchanged for another while it is being applied.
    await store.removeDeltas([{ address: A, from: 2, to: 3 }]);
    await store.updateDeltas([{ address: A, key: 2, data: bytes(90, 7) }]);
    const stale = change(built, headOf(2, bytes(90, 2)));
    expect((await storeErrorOf(() => store.commitBuild(A, stale))).code).toBe('CONFLICT');
    await store.commitBuild(A, change(built, headOf(2, bytes(90, 7))));
    expect(isBehind(store.contract(A)!)).toBe(false);
  });

  it('drops the state when a delta in it is removed, and only then', async () => {
    const { store } = await temporaryStore();
    const deltas = [0, 1, 2, 3].map((key) => ({ address: A, key, data: bytes(90, key) }));
    await store.updateDeltas(deltas);
    const built = headOf(1, bytes(90, 1));
    await store.commitBuild(A, change(undefined, built));
    await store.removeDeltas([{ address: A, from: 2, to: 4 }]);
    expect(store.contract(A)?.state).toEqual(built);
    await store.removeDeltas([{ address: A, from: 1, to: 2 }]);
    expect(store.contract(A)?.state).toBeUndefined();
    await expect.poll(() => [...store.stateValues(built.id)].length, { timeout: 20_000 }).toBe(0);
  });

  it('clears away a large dropped state while it goes on, and after a restart', async () => {
    const folder = await temporaryFolder();
    const store = await openTestStore(folder);
    const tags = Array.from({ length: 3000 }, (_, n) => ({
      tag: addressOf(n).slice(0, 16),
      value: bytes(30, n),
    }));
    await store.updateDeltas([{ address: A, key: 0, data: bytes(90, 0) }]);
    const built = headOf(0, bytes(90, 0));
    await store.commitBuild(A, { base: undefined, head: built, writes: tags });
    await store.removeDeltas([{ address: A, from: 0, to: 1 }]);
    await store.close();
    const again = await openTestStore(folder);
    await expect.poll(() => [...again.stateValues(built.id)].length, { timeout: 20_000 }).toBe(0);
    await again.close();
  });
});

describe('bulk reads', () => {
  it('lists tips and addresses', async () => {
    const { store } = await temporaryStore();
    expect(await store.getAllAddresses()).toEqual([]);
    expect(await store.getAllTips()).toEqual([]);
    await store.updateDeltas(
      Array.from({ length: 500 }, (_, n) => ({
        address: addressOf(n % 100),
        key: Math.floor(n / 100),
        data: bytes(40, n),
      })),
    );
    await store.updateContract(addressOf(100), bytes(10, 1));
    const tips = await store.getAllTips();
    expect(tips).toHaveLength(100);
    expect(tips[7]).toEqual({ address: addressOf(7), key: 4, data: bytes(40, 407) });
    expect(await store.getAllAddresses()).toHaveLength(101);
    expect(await store.getTips([addressOf(5), addressOf(5)])).toEqual([tips[5], tips[5]]);
    expect((await storeErrorOf(() => store.getTips([addressOf(5), UNKNOWN]))).code).toBe('UNKNOWN_CONTRACT');
  });

  it('refuses ranges of unknown contracts', async () => {
    const { store } = await temporaryStore();
    const error = await storeErrorOf(() => store.getDeltas([{ address: UNKNOWN, from: 0, to: 1 }]));
    expect(error.code).toBe('UNKNOWN_CONTRACT');
    expect(error.message).toContain('0000270f');
  });

  it('gives one delta whatever its size', async () => {
    const { store } = await temporaryStore({ maxReplyBytes: 1000 });
    const large = { address: A, key: 0, data: bytes(2000, 1) };
    await store.updateDeltas([large, { address: A, key: 1, data: bytes(10, 1) }]);
    await store.updateDeltas([{ ...large, address: B }]);
    expect(await store.getDeltas([{ address: A, from: 0, to: 1 }])).toEqual([large]);
    expect(await store.getTips([B])).toEqual([{ ...large, address: B }]);
    const error = await storeErrorOf(() => store.getDeltas([{ address: A, from: 0, to: 2 }]));
    expect(error).toMatchObject({
      code: 'REPLY_TOO_LARGE',
      message: expect.stringContaining('the first 1 of'),
    });
    expect((await storeErrorOf(() => store.getAllTips())).message).toContain('GetTips');
  });

  it('bounds replies and says how to ask for less', async () => {
    const { store } = await temporaryStore({ maxReplyBytes: 10_000 });
    await store.updateDeltas(
      Array.from({ length: 200 }, (_, key) => ({ address: addressOf(key), key: 0, data: bytes(300, key) })),
    );
    await store.updateDeltas(
      Array.from({ length: 200 }, (_, key) => ({ address: A, key, data: bytes(300, 1) })),
    );
    const replies = [
      () => store.getAllTips(),
      () => store.getDeltas([{ address: A, from: 0, to: 200 }]),
      () => store.getTips(Array.from({ length: 200 }, (_, n) => addressOf(n))),
    ];
    for (const ask of replies) {
      const error = await storeErrorOf(ask);
      expect(error.code).toBe('REPLY_TOO_LARGE');
      expect(error.message).toMatch(/first 27 of the deltas asked for fit: ask for/);
    }
    expect(await store.getDeltas([{ address: A, from: 0, to: 27 }])).toHaveLength(27);
  });

  it('lets others go on while it looks through many ranges in which there is nothing', async () => {
    const { store } = await temporaryStore();
    await store.updateDeltas([0, 9].map((key) => ({ address: A, key, data: bytes(10, key) })));
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    const ranges = Array.from({ length: 10_000 }, () => ({ address: A, from: 1, to: 9 }));
    expect(await store.getDeltas(ranges)).toEqual([]);
    clearInterval(others);
    expect(turns).toBeGreaterThan(0);
  });

  it('reads one snapshot, while others write', async () => {
    const { store } = await temporaryStore();
    await store.updateDeltas(
      Array.from({ length: 30_000 }, (_, key) => ({ address: A, key, data: bytes(20, 1) })),
    );
    const reading = store.getDeltas([{ address: A, from: 0, to: 40_000 }]);
    await store.removeDeltas([{ address: A, from: 0, to: 40_000 }]);
    expect(await reading).toHaveLength(30_000);
    expect(store.contract(A)).toBeUndefined();
  });
});

describe('readers and restarts', () => {
  it('everything acknowledged is there after a restart', async () => {
    const folder = await temporaryFolder();
    const store = await openTestStore(folder);
    const head = headOf(0, bytes(90, 0));
    await store.commitTask({
      address: A,
      delta: bytes(90, 0),
      state: change(undefined, head),
      bytecode: bytes(10, 1),
    });
    await store.putBlob('identity', bytes(99, 3));
    await store.putStateKeys([{ address: A, sealed: bytes(60, 4) }]);
    const record = store.contract(A);
    await store.close();
    const again = await openTestStore(folder);
    expect(again.contract(A)).toEqual(record);
    expect(again.blob('identity')).toEqual(bytes(99, 3));
    expect(again.blob('other')).toBeUndefined();
    expect(again.stateKey(A)).toEqual(bytes(60, 4));
    await again.close();
  });

  it('a reader sees what was written when it refreshes', async () => {
    const { store } = await temporaryStore();
    const reader = openStoreReader(store.readerFolder);
    expect(reader.contract(A)).toBeUndefined();
    await store.updateContract(A, bytes(10, 1));
    reader.refresh();
    expect(reader.contract(A)?.codeHash).toEqual(keccak256(bytes(10, 1)));
    await reader.close();
    expect(store.getContract(A)).toEqual(bytes(10, 1));
  });

  it('closes twice, and refuses work afterwards', async () => {
    const { store } = await temporaryStore();
    const write = store.updateContract(A, bytes(10, 1));
    await Promise.all([store.close(), store.close()]);
    expect(await write).toBe(true);
    for (const action of [
      () => store.contract(A),
      () => store.getAllTips(),
      () => store.updateContract(A, bytes(10, 1)),
      () => store.removeContract(A),
    ]) {
      expect((await storeErrorOf(action)).code).toBe('CLOSED');
    }
  });
});
