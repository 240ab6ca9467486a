import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { hrtime } from 'node:process';
import { randomBytes } from '@enigma-worker/crypto';
import { addressOf, withFolder, withStoreAndDatabase } from '../store/folders.js';
import { coreDist, openStore, StateAccess, type StateHead, type Store } from '../store/internals.js';
import type { Suite } from '../row.js';
import { inRounds, ROUNDS, rowOf, type Sides } from '../store/sides.js';

/** How long a side of a round lasts. */
const MS = Number(process.env['ENIGMA_BENCH_MS'] ?? 1000);
const DELTA_BYTES = 300;
const delta = randomBytes(DELTA_BYTES);
/** Values stored in one transaction to make a large state. */
const FILL = 10_000;

/** How often a second something is done that several do at once, again and again. */
async function rate(writers: number, work: (writer: number) => Promise<number>): Promise<number> {
  const start = performance.now();
  const end = start + MS;
  let done = 0;
  const one = async (writer: number): Promise<void> => {
    while (performance.now() < end) {
      // Not in one expression with the sum: the others add to it meanwhile.
      const more = await work(writer);
      done += more;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => one(writer)));
  return (1000 * done) / (performance.now() - start);
}

/** Durable deltas a second against the bare database with the same batches and writers. */
const updateDeltas: Suite = () =>
  withStoreAndDatabase(async (store, database) => {
    let contract = 0;
    let key = 0;
    const compare = (batch: number, writers: number): Promise<Sides[]> =>
      inRounds(async () => {
        const next = Array.from({ length: writers }, () => ({ address: addressOf(contract++), index: 0 }));
        const ours = await rate(writers, async (writer) => {
          const at = next[writer]!;
          const deltas = Array.from({ length: batch }, () => ({
            address: at.address,
            key: at.index++,
            data: delta,
          }));
          await store.updateDeltas(deltas);
          return batch;
        });
        const baseline = await rate(writers, async () => {
          let last: Promise<boolean> | undefined;
          for (let i = 0; i < batch; i++) {
            const bytes = Buffer.alloc(36);
            bytes.writeUInt32BE(key++);
            last = database.put(bytes, Buffer.from(delta));
          }
          await last;
          return batch;
        });
        return { ours, baseline };
      });
    return [
      rowOf('Deltas stored durably / bare LMDB, 1 x 16 writers', '>= 0.5', '1/s', await compare(1, 16)),
      rowOf('Deltas stored durably / bare LMDB, 100 x 4 writers', '>= 0.35', '1/s', await compare(100, 4)),
    ];
  });

/** Reading a long range of deltas against a scan of the bare database. */
const getDeltas: Suite = () =>
  withStoreAndDatabase(async (store, database) => {
    const count = 20_000;
    const address = addressOf(1);
    await store.updateDeltas(Array.from({ length: count }, (_, key) => ({ address, key, data: delta })));
    await database.transaction(() => {
      for (let key = 0; key < count; key++)
        database.putSync(
          Buffer.concat([address, Buffer.of(0, key >> 16, key >> 8, key)]),
          Buffer.from(delta),
        );
    });
    const compared = await inRounds(async () => {
      const ours = await rate(
        1,
        async () => (await store.getDeltas([{ address, from: 0, to: count }])).length,
      );
      const baseline = await rate(1, () => {
        let bytes = 0;
        for (const { value } of database.getRange({ start: Buffer.of(0) })) bytes += value.length;
        return Promise.resolve(bytes / DELTA_BYTES);
      });
      const megabytes = DELTA_BYTES / 1e6;
      return { ours: ours * megabytes, baseline: baseline * megabytes };
    });
    return [rowOf('Deltas read from the store / LMDB range scan', '>= 0.4', 'MB/s', compared)];
  });

/** Contract number `n` with a state of `keys` keys, one of which is real. */
async function contractWithState(
  store: Store,
  n: number,
  keys: number,
): Promise<{ readonly address: Uint8Array; readonly stateKey: Uint8Array }> {
  const address = addressOf(n);
  const stateKey = randomBytes(32);
  const deployed = new StateAccess(store)
    .open(address, stateKey)
    .prepareCommit('deploy', new Map([['counter', '0']]))!;
  await store.commitTask({ address, delta: deployed.delta, state: deployed.state, bytecode: delta });
  // The other values only have to be there: that they do not open is never seen.
  for (let left = keys - 1; left > 0; left -= FILL) {
    const base: StateHead = store.contract(address)!.state!;
    const step = new StateAccess(store)
      .open(address, stateKey, store.contract(address))
      .prepareCommit('compute', new Map([['counter', String(left)]]))!;
    const fill = Array.from({ length: Math.min(left, FILL) }, () => ({
      tag: randomBytes(16),
      value: randomBytes(60),
    }));
    await store.commitTask({
      address,
      delta: step.delta,
      state: { base, head: step.state.head, writes: [...step.state.writes, ...fill] },
    });
  }
  return { address, stateKey };
}

/** Tasks that change one key, on a state of a million keys against one of ten. */
const stateSize: Suite = () =>
  withFolder(async (folder) => {
    const store = await openStore(folder);
    try {
      const large = await contractWithState(store, 1, 1_000_000);
      const small = await contractWithState(store, 2, 10);
      const access = new StateAccess(store);
      let value = 0;
      const measure = async ({ address, stateKey }: typeof large): Promise<{ rate: number; p99: number }> => {
        const times: number[] = [];
        const perSecond = await rate(1, async () => {
          const start = hrtime.bigint();
          const state = access.open(address, stateKey, store.contract(address));
          state.read('counter');
          const task = state.prepareCommit('compute', new Map([['counter', String(value++)]]))!;
          await store.commitTask({ address, delta: task.delta, state: task.state });
          times.push(Number(hrtime.bigint() - start) / 1e6);
          return 1;
        });
        return { rate: perSecond, p99: times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]! };
      };
      const compared: { large: { rate: number; p99: number }; small: { rate: number; p99: number } }[] = [];
      for (let number = 0; number < ROUNDS; number++)
        compared.push({ large: await measure(large), small: await measure(small) });
      return [
        rowOf(
          'State changes on 1,000,000 keys / 10 keys',
          '> 0.85',
          '1/s',
          compared.map(({ large, small }) => ({ ours: large.rate, baseline: small.rate })),
        ),
        rowOf(
          'State changes on 1,000,000 keys / 10 keys, p99',
          '< 2',
          'ms',
          compared.map(({ large, small }) => ({ ours: large.p99, baseline: small.p99 })),
        ),
      ];
    } finally {
      await store.close();
    }
  });

/** Opening a store with much in it. */
const opening: Suite = () =>
  withFolder(async (folder) => {
    const time = async (name: string): Promise<number> => {
      const start = performance.now();
      const store = await openStore(join(folder, name));
      const elapsed = performance.now() - start;
      await store.close();
      return elapsed;
    };
    const fill = async (
      name: string,
      entry: (n: number) => { address: Uint8Array; key: number; data: Uint8Array },
    ): Promise<void> => {
      const store = await openStore(join(folder, name));
      for (let n = 0; n < 100_000; n += 5000)
        await store.updateDeltas(Array.from({ length: 5000 }, (_, i) => entry(n + i)));
      await store.close();
    };
    await fill('contracts', (n) => ({ address: addressOf(n), key: 0, data: delta }));
    await fill('deltas', (n) => ({ address: addressOf(1), key: n, data: delta }));
    await time('empty');
    const limit = 1000;
    const contracts = await inRounds(async () => ({ ours: await time('contracts'), baseline: limit }));
    const deltas = await inRounds(async () => ({
      ours: await time('deltas'),
      baseline: await time('empty'),
    }));
    return [
      rowOf('Open with 100,000 contracts / one second', '< 1', 'ms', contracts),
      rowOf('Open with 100,000 deltas / an empty store', '< 1.3', 'ms', deltas),
    ];
  });

/** Memory that a thousand stored contracts take, all of them listed. */
const memory: Suite = () =>
  withFolder(async (folder) => {
    const more = 4;
    const fill = async (name: string, length: number): Promise<void> => {
      const store = await openStore(join(folder, name));
      await store.updateDeltas(
        Array.from({ length }, (_, n) => ({ address: addressOf(n), key: 0, data: delta })),
      );
      await store.close();
    };
    // Not against an empty store: in that, code would not even be loaded that lists and reads contracts.
    await fill('some', 1000);
    await fill('many', (1 + more) * 1000);
    const script = `
      const { openStore } = await import(${JSON.stringify(new URL('store/open.js', coreDist).href)});
      const store = await openStore(process.argv[1]);
      for (const address of await store.getAllAddresses()) store.contract(address);
      globalThis.gc();
      console.log(process.memoryUsage().rss / 1e6);
      await store.close();
    `;
    const rss = (name: string): number =>
      Number(
        spawnSync(
          process.execPath,
          ['--expose-gc', '--input-type=module', '-e', script, join(folder, name)],
          { encoding: 'utf8' },
        ).stdout,
      );
    const allowed = 2;
    const compared = await inRounds(() =>
      Promise.resolve({ ours: Math.max(rss('many') - rss('some'), 0) / more, baseline: allowed }),
    );
    return [rowOf('Memory of 1,000 stored contracts / 2 MB', '<= 1', 'MB', compared)];
  });

/** The store by itself, without the socket and the executor threads. */
export const storeSuites: readonly Suite[] = [updateDeltas, getDeltas, stateSize, opening, memory];
