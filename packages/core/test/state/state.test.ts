import { randomBytes, seal } from '@enigma-worker/crypto';
import {
  deltaHash,
  type Json,
  type Op,
  openDelta,
  printJson,
  sealDelta,
  zeroHash,
} from '@enigma-worker/protocol';
import * as fc from 'fast-check';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { DamagedStateError } from '#enclave/state/errors.js';
import { deriveStateKeys, keyTag, wholeStateTag } from '#enclave/state/keys.js';
import { openValue, sealValue } from '#enclave/state/sealed-value.js';
import { StateAccess } from '#enclave/state/state-access.js';
import type { Store } from '#store/store.js';
import { addressOf, bytes, temporaryStore } from '../store/support.js';
import { build, Chain, json, readAll, runTask } from './contract.js';

const A = addressOf(1);
const KEY = bytes(32, 5);

/** Deploys a contract whose constructor writes. */
async function deploy(store: Store, writes: Record<string, string>): Promise<void> {
  const prepared = new StateAccess(store)
    .open(A, KEY)
    .prepareCommit('deploy', new Map(Object.entries(writes)))!;
  await store.commitTask({
    address: A,
    delta: prepared.delta,
    state: prepared.state,
    bytecode: bytes(10, 1),
  });
}

function opsOf(store: Store, index: number): unknown {
  return openDelta(KEY, store.delta(A, index)!).ops;
}

describe('sealed values', () => {
  const keys = deriveStateKeys(KEY);
  const place = { address: A, stateId: bytes(16, 1), tag: bytes(16, 2) };
  const value = { name: 'balance', text: '{"of":[1,2]}', version: 7 };

  it('open where they belong, and nowhere else', () => {
    const sealed = sealValue(keys, place, value);
    expect(openValue(keys, place, sealed)).toEqual(value);
    const elsewhere = [
      { ...place, address: addressOf(2) },
      { ...place, stateId: bytes(16, 3) },
      { ...place, tag: bytes(16, 3) },
    ];
    for (const other of elsewhere) expect(() => openValue(keys, other, sealed)).toThrow(DamagedStateError);
    expect(() => openValue(deriveStateKeys(bytes(32, 6)), place, sealed)).toThrow(DamagedStateError);
  });

  it('show every flipped bit, and name the value', () => {
    const sealed = sealValue(keys, place, value);
    fc.assert(
      fc.property(fc.nat(8 * sealed.length - 1), (bit) => {
        const damaged = sealed.slice();
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => openValue(keys, place, damaged)).toThrow(
          /^state of contract 00000001(a0)+: the sealed value 0e2d4c/,
        );
      }),
    );
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openValue(keys, place, sealed.subarray(0, length))).toThrow(DamagedStateError);
    }
  });

  it('hide the names of keys', () => {
    const tags = ['a', 'b', 'aa', ''].map((name) => keyTag(keys, name));
    tags.push(wholeStateTag(keys), keyTag(deriveStateKeys(bytes(32, 6)), 'a'));
    expect(new Set(tags.map(String)).size).toBe(tags.length);
    expect(tags.every((tag) => tag.length === 16)).toBe(true);
    const sealed = Buffer.from(sealValue(keys, place, value));
    expect(sealed.includes('balance')).toBe(false);
  });
});

describe('tasks', () => {
  it('read what was written, one value at a time', async () => {
    const { store } = await temporaryStore();
    await deploy(store, { a: '{"x":1}', b: '18446744073709551615' });
    expect(readAll(store, A, KEY, ['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', '{"x":1}'],
        ['b', '18446744073709551615'],
      ]),
    );
    expect(openDelta(KEY, store.delta(A, 0)!)).toEqual({
      ops: [
        { op: 'add', path: '/a', value: json('{"x":1}') },
        { op: 'add', path: '/b', value: 2n ** 64n - 1n },
      ],
      previousHash: zeroHash(),
    });
  });

  it('make the operations of the difference, chained to the delta before', async () => {
    const { store } = await temporaryStore();
    await deploy(store, { b: '{"x":1,"y":[1,2,3]}', d: '1' });
    const writes = new Map([
      ['d', undefined],
      ['e', '"new"'],
      ['b', '{"x":2,"y":[1]}'],
      ['gone', undefined],
    ]);
    expect(await runTask(store, A, KEY, writes)).toBe(true);
    expect(opsOf(store, 1)).toEqual([
      { op: 'replace', path: '/b/x', value: 2n },
      { op: 'remove', path: '/b/y/1' },
      { op: 'remove', path: '/b/y/1' },
      { op: 'add', path: '/e', value: 'new' },
      { op: 'remove', path: '/d' },
    ]);
    expect(openDelta(KEY, store.delta(A, 1)!).previousHash).toEqual(deltaHash(store.delta(A, 0)!));
    expect(store.contract(A)?.state).toMatchObject({ index: 1, hash: deltaHash(store.delta(A, 1)!) });
  });

  it('make no delta when nothing changes, except at a deployment', async () => {
    const { store } = await temporaryStore();
    await deploy(store, {});
    expect(opsOf(store, 0)).toEqual([]);
    await runTask(store, A, KEY, new Map([['a', '[0.0]']]));
    expect(
      await runTask(
        store,
        A,
        KEY,
        new Map([
          ['a', '[0.0]'],
          ['b', undefined],
        ]),
      ),
    ).toBe(false);
    // Zeros of either sign are equal, so no other worker would see the new one: it is not kept here either.
    expect(await runTask(store, A, KEY, new Map([['a', '[-0.0]']]))).toBe(false);
    expect(await runTask(store, A, KEY, new Map([['a', '[-0.0,1]']]))).toBe(true);
    expect(readAll(store, A, KEY, ['a'])).toEqual(new Map([['a', '[0.0,1]']]));
  });

  it('whose delta no message could carry fail before it takes more memory than there is', async () => {
    const { store } = await temporaryStore();
    // Each change names the key: a hundred gigabytes, if their paths were written out.
    const name = 'x'.repeat(1024 * 1024);
    const list = (item: string): string => `[${Array.from({ length: 100_000 }, () => item).join()}]`;
    await deploy(store, { [name]: list('0') });
    const tooLarge = expect.objectContaining({ code: 'TOO_LARGE' });
    const writes = new Map([[name, list('1')]]);
    await expect(runTask(store, A, KEY, writes)).rejects.toThrow(tooLarge);
    const state = new StateAccess(store).open(A, KEY, store.contract(A));
    expect(() => state.checkCommit(writes)).toThrow(tooLarge);
  });

  it('turn a state that is no object into one', async () => {
    const { store } = await temporaryStore();
    const chain = new Chain(KEY);
    chain.append(json('{"a":1,"b":2}'));
    chain.append(json('[1,[2]]'));
    chain.append(json('[1,[2,3]]'));
    await store.updateDeltas(chain.entries(A, [0, 1, 2]));
    expect(await build(store, A, KEY)).toBe('done');
    expect(store.contract(A)?.state).toMatchObject({ index: 2, shape: 'whole' });
    expect(readAll(store, A, KEY, ['a', 'b', '0'])).toEqual(new Map());
    expect(await runTask(store, A, KEY, new Map([['a', undefined]]))).toBe(false);
    expect(await runTask(store, A, KEY, new Map([['a', '5']]))).toBe(true);
    expect(opsOf(store, 3)).toEqual([{ op: 'replace', path: '', value: new Map([['a', 5n]]) }]);
    expect(readAll(store, A, KEY, ['a', 'b'])).toEqual(new Map([['a', '5']]));
  });

  it('whose value was damaged in the store fail, and name it', async () => {
    const { store } = await temporaryStore();
    await deploy(store, { a: '1', b: '2' });
    const state = store.contract(A)!.state!;
    const [first, second] = [...store.stateValues(state.id)];
    // Two values exchanged: each is sound by itself.
    const next = sealDelta(KEY, { ops: [], previousHash: state.hash });
    const head = { ...state, index: 1, hash: deltaHash(next) };
    const writes = [
      { tag: first!.tag, value: second!.value },
      { tag: second!.tag, value: first!.value },
    ];
    await store.commitTask({ address: A, delta: next, state: { base: state, head, writes } });
    expect(() => readAll(store, A, KEY, ['a'])).toThrow(DamagedStateError);
  });
});

describe('building', () => {
  function chainOf(count: number): Chain {
    const chain = new Chain(KEY);
    for (let n = 0; n < count; n++)
      chain.append(
        json(
          `{"counter":${n},"list":[${Array.from({ length: n % 5 }, () => n).join()}],"k${n % 7}":"v${n}"}`,
        ),
      );
    return chain;
  }

  it('goes on when a gap is filled, in any order of arrival', async () => {
    const { store } = await temporaryStore();
    const chain = chainOf(10);
    await store.updateDeltas(chain.entries(A, [9, 4, 1, 0]));
    expect(await build(store, A, KEY)).toEqual({ index: 2, reason: 'MISSING' });
    await store.updateDeltas(chain.entries(A, [3]));
    expect(await build(store, A, KEY)).toEqual({ index: 2, reason: 'MISSING' });
    await store.updateDeltas(chain.entries(A, [2]));
    expect(await build(store, A, KEY)).toEqual({ index: 5, reason: 'MISSING' });
    await store.updateDeltas(chain.entries(A, [8, 6, 7, 5]));
    expect(await build(store, A, KEY, { deltas: 2 })).toBe('done');
    expect(readAll(store, A, KEY, ['counter', 'list']).get('counter')).toBe('9');
  });

  it('is not put off by delta 0 that comes last', async () => {
    const { store } = await temporaryStore();
    const chain = chainOf(2);
    await store.updateContract(A, bytes(10, 1));
    expect(await build(store, A, KEY)).toBe('done');
    await store.updateDeltas(chain.entries(A, [1]));
    expect(await build(store, A, KEY)).toEqual({ index: 0, reason: 'MISSING' });
    await store.updateDeltas(chain.entries(A, [0]));
    expect(await build(store, A, KEY)).toBe('done');
  });

  it('says what does not open, does not chain, or does not apply, and keeps what was before it', async () => {
    const { store } = await temporaryStore();
    const chain = chainOf(3);
    const bad = {
      UNDECRYPTABLE: sealDelta(bytes(32, 6), { ops: [], previousHash: chain.hash }),
      MALFORMED: seal(KEY, bytes(40, 1)),
      UNCHAINED: sealDelta(KEY, { ops: [], previousHash: bytes(32, 9) }),
      INAPPLICABLE: sealDelta(KEY, {
        ops: [
          { op: 'replace', path: '/counter', value: 77n },
          { op: 'add', path: '/list/0', value: 77n },
          { op: 'remove', path: '/none' },
        ],
        previousHash: chain.hash,
      }),
    };
    await store.updateDeltas(chain.entries(A, [0, 1, 2]));
    for (const [reason, data] of Object.entries(bad)) {
      await store.updateDeltas([{ address: A, key: 3, data }]);
      for (const deltas of [1, 100]) {
        expect(await build(store, A, KEY, { deltas })).toEqual({ index: 3, reason });
        expect(store.contract(A)?.state?.index).toBe(2);
        expect(readAll(store, A, KEY, ['counter', 'list'])).toEqual(
          new Map([
            ['counter', '2'],
            ['list', '[2,2]'],
          ]),
        );
      }
      await store.removeDeltas([
        { address: A, from: 0, to: 1 },
        { address: A, from: 3, to: 4 },
      ]);
      await store.updateDeltas(chain.entries(A, [0]));
    }
    chain.append(json('{"counter":3}'));
    await store.updateDeltas(chain.entries(A, [3]));
    expect(await build(store, A, KEY)).toBe('done');
  });

  it('applies operations of other makers: deep paths, appends, and the same key again and again', async () => {
    const { store } = await temporaryStore();
    const first = sealDelta(KEY, {
      ops: [{ op: 'add', path: '/a', value: json('{"b":[{"c":1},{"c":2}],"x~y":0}') }],
      previousHash: zeroHash(),
    });
    const second = sealDelta(KEY, {
      ops: [
        { op: 'replace', path: '/a/b/1/c', value: json('{"d":[]}') },
        { op: 'add', path: '/a/b/1/c/d/-', value: 'end' },
        { op: 'add', path: '/a/b/0', value: null },
        { op: 'replace', path: '/a/x~y', value: 1n },
        { op: 'add', path: '/z', value: 1n },
        { op: 'remove', path: '/z' },
      ],
      previousHash: deltaHash(first),
    });
    await store.updateDeltas([first, second].map((data, key) => ({ address: A, key, data })));
    expect(await build(store, A, KEY)).toBe('done');
    expect(readAll(store, A, KEY, ['a', 'z'])).toEqual(
      new Map([['a', '{"b":[null,{"c":1},{"c":{"d":["end"]}}],"x~y":1}']]),
    );
  });

  it('refuses what makes a state nest deeper than a contract could write', async () => {
    const nested = (depth: number): Json => (depth === 1 ? [] : [nested(depth - 1)]);
    const object = (depth: number): Json => new Map([['a', nested(depth)]]);
    const zeros = '/0'.repeat(126);
    const cases: readonly (readonly [within: Op[], beyond: Op])[] = [
      [[{ op: 'add', path: '/a', value: nested(127) }], { op: 'add', path: '/a', value: nested(128) }],
      [[{ op: 'replace', path: '', value: object(127) }], { op: 'replace', path: '', value: object(128) }],
      [[{ op: 'replace', path: '', value: nested(128) }], { op: 'replace', path: '', value: nested(129) }],
      [
        [
          { op: 'replace', path: '', value: nested(127) },
          { op: 'add', path: `/0${zeros}`, value: nested(1) },
        ],
        { op: 'replace', path: `/0${zeros}`, value: nested(2) },
      ],
      [
        [
          { op: 'add', path: '/a', value: nested(127) },
          { op: 'add', path: `/a${zeros}/0`, value: 1n },
        ],
        { op: 'replace', path: `/a${zeros}/0`, value: nested(1) },
      ],
    ];
    for (const [within, beyond] of cases) {
      const { store } = await temporaryStore();
      const first = sealDelta(KEY, { ops: within, previousHash: zeroHash() });
      const second = sealDelta(KEY, { ops: [beyond], previousHash: deltaHash(first) });
      await store.updateDeltas([{ address: A, key: 0, data: first }]);
      expect(await build(store, A, KEY)).toBe('done');
      await store.updateDeltas([{ address: A, key: 1, data: second }]);
      expect(await build(store, A, KEY)).toEqual({ index: 1, reason: 'INAPPLICABLE' });
      // What was built can be read and written.
      await store.removeDeltas([{ address: A, from: 1, to: 2 }]);
      expect(await runTask(store, A, KEY, new Map([['a', '1']]))).toBe(true);
      expect(readAll(store, A, KEY, ['a'])).toEqual(new Map([['a', '1']]));
    }
  });

  it('keeps up with many deltas', async () => {
    const { store } = await temporaryStore();
    const chain = new Chain(KEY);
    chain.append(json('{"n":0}'));
    const deltas = [chain.deltas[0]!];
    for (let n = 1; n < 10_000; n++) {
      deltas.push(
        sealDelta(KEY, {
          ops: [{ op: 'replace', path: '/n', value: BigInt(n) }],
          previousHash: deltaHash(deltas.at(-1)!),
        }),
      );
    }
    await store.updateDeltas(deltas.map((data, key) => ({ address: A, key, data })));
    expect(await build(store, A, KEY)).toBe('done');
    expect(readAll(store, A, KEY, ['n']).get('n')).toBe('9999');
  });
});

it('threads read the same store', async () => {
  const { store, folder } = await temporaryStore();
  await deploy(store, { a: '"first"' });
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { openStoreReader } = await import(workerData.modules + 'store/reader.js');
    const { StateAccess } = await import(workerData.modules + 'enclave/state/state-access.js');
    const reader = openStoreReader(workerData.folder);
    const access = new StateAccess(reader);
    parentPort.on('message', async (message) => {
      if (message === 'close') { await reader.close(); process.exit(0); }
      reader.refresh();
      parentPort.postMessage(access.open(workerData.address, workerData.key, reader.contract(workerData.address)).read('a'));
    });
    parentPort.postMessage('ready');
  `;
  const modules = new URL('../../dist/', import.meta.url).href;
  const spawn = (): Worker =>
    new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { modules, folder, address: A, key: KEY },
    });
  const workers = [spawn(), spawn()];
  const next = (worker: Worker): Promise<unknown> =>
    new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  expect(await Promise.all(workers.map(next))).toEqual(['ready', 'ready']);
  for (const text of ['"first"', '"second"', '"third"']) {
    await runTask(store, A, KEY, new Map([['a', text]]));
    const answers = workers.map(next);
    for (const worker of workers) worker.postMessage('read', []);
    expect(await Promise.all(answers)).toEqual([text, text]);
  }
  for (const worker of workers) {
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close', []);
    await exit;
  }
  expect(readAll(store, A, KEY, ['a']).get('a')).toBe('"third"');
});

it('what is sealed is random each time', () => {
  const keys = deriveStateKeys(randomBytes(32));
  const place = { address: A, stateId: bytes(16, 1), tag: bytes(16, 2) };
  const seal = (): string => String(sealValue(keys, place, { name: 'a', text: printJson(1n), version: 0 }));
  expect(seal()).not.toBe(seal());
});
