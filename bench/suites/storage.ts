import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@enigma-worker/client';
import { randomBytes } from '@enigma-worker/crypto';
import { deltaHash, encodeRequest, type Op, sealDelta } from '@enigma-worker/protocol';
import { benchContract } from '../ipc/contract.js';
import type { Measured } from '../ipc/load-types.js';
import { type Bench, withBench } from '../ipc/processes.js';
import { deployMany, provision, taskFrames } from '../ipc/worker-user.js';
import type { Row, Suite } from '../row.js';
import type { DeltaEntry } from '../store/internals.js';
import type { Drain, Drained } from '../store/drain.js';
import { type BareDatabase, withBareDatabase, withFolder } from '../store/folders.js';
import { inRounds, ROUNDS, rowOf, type Sides } from '../store/sides.js';

const DELTA_BYTES = 300;
/** How long a side of a round of reading lasts; short, so that both sides see the same machine. */
const ROUND_MS = 250;
const WARM_UP_MS = 500;
const ROUNDS_MORE = 3;

async function compare(
  name: string,
  target: string,
  unit: string,
  round: () => Promise<Sides>,
): Promise<Row> {
  return rowOf(name, target, unit, await inRounds(round));
}

/** A worker beside a bare database with the same durability. */
function withDatabase<T>(body: (bench: Bench, database: BareDatabase) => Promise<T>): Promise<T> {
  return withFolder((folder) =>
    withBench((bench) => withBareDatabase(join(folder, 'bare'), (database) => body(bench, database))),
  );
}

/** UpdateDeltas over the socket, against the bare database that is given the same deltas by as many writers. */
const updateDeltas: Suite = () =>
  withDatabase(async (bench, database) => {
    const rows: Row[] = [];
    for (const [batch, writers, each, target] of [
      [1, 16, 1000, '>= 0.33'],
      [100, 4, 400, '>= 0.20'],
    ] as const) {
      const round = async (): Promise<Sides> => {
        const work = Array.from({ length: writers }, () => batches(batch, each));
        const requests = work.map((turns) =>
          turns.map((deltas) => encodeRequest('UpdateDeltas', 'update', { deltas })),
        );
        const ours = await bench.load({ endpoint: bench.core, peers: writers, requests });
        const start = performance.now();
        await Promise.all(work.map((turns) => storeBare(database, turns)));
        const seconds = (performance.now() - start) / 1000;
        return { ours: ours.perSecond * batch, baseline: (writers * each * batch) / seconds };
      };
      await round();
      const name = `UpdateDeltas, durable / bare LMDB, ${batch} x ${writers} writers`;
      rows.push(await compare(name, target, '1/s', round));
    }
    return rows;
  });

/** So many batches of deltas of one new contract, one after the other. */
function batches(batch: number, count: number): DeltaEntry[][] {
  const address = randomBytes(32);
  return Array.from({ length: count }, (_, turn) =>
    Array.from({ length: batch }, (_, i) => ({
      address,
      key: turn * batch + i,
      data: randomBytes(DELTA_BYTES),
    })),
  );
}

/** One writer: each batch is durable before the next. */
async function storeBare(database: BareDatabase, turns: readonly DeltaEntry[][]): Promise<void> {
  for (const deltas of turns) {
    let last: Promise<boolean> | undefined;
    for (const { address, key, data } of deltas) {
      const bytes = Buffer.alloc(36);
      bytes.set(address);
      bytes.writeUInt32BE(key, 32);
      last = database.put(bytes, Buffer.from(data.buffer, data.byteOffset, data.length));
    }
    await last;
  }
}

/**
 * GetDeltas over the socket, against a scan of the bare database: raw bytes of deltas, which are four times as
 * many in the reply. Two peers ask in lockstep, so that the worker need not wait for the one that reads.
 */
const getDeltas: Suite = () =>
  withDatabase(async (bench, database) => {
    const count = 5000;
    const address = randomBytes(32);
    const worker = connect(bench.core, { timeout: 60_000 });
    await worker.updateDeltas({
      deltas: Array.from({ length: count }, (_, key) => ({ address, key, data: randomBytes(DELTA_BYTES) })),
    });
    await worker.close();
    await database.transaction(() => {
      for (let key = 0; key < count; key++) {
        const bytes = Buffer.alloc(36);
        bytes.writeUInt32BE(key, 32);
        database.putSync(bytes, Buffer.from(randomBytes(DELTA_BYTES)));
      }
    });
    const request = encodeRequest('GetDeltas', 'all', { input: [{ address, from: 0, to: count }] });
    const megabytes = (count * DELTA_BYTES) / 1e6;
    using peers = new Drainer();
    const ours = async (ms: number): Promise<number> => {
      const { replies, seconds } = await peers.drain({ endpoint: bench.core, request, peers: 2, ms });
      return (replies * megabytes) / seconds;
    };
    const scan = (ms: number): number => {
      const start = performance.now();
      let scans = 0;
      for (; performance.now() - start < ms; scans++) {
        for (const { value } of database.getRange({ start: Buffer.of(0) }))
          if (value.length !== DELTA_BYTES) throw new Error('not what was stored');
      }
      return (1000 * scans * megabytes) / (performance.now() - start);
    };
    await ours(WARM_UP_MS);
    scan(WARM_UP_MS);
    const rounds = await inRounds(
      async () => ({ ours: await ours(ROUND_MS), baseline: scan(ROUND_MS) }),
      ROUNDS * ROUNDS_MORE,
    );
    const name = 'GetDeltas of 5,000 x 300 B over the socket / LMDB range scan';
    return [rowOf(name, '>= 0.4', 'MB/s', rounds)];
  });

/** The peers of `store/drain.ts`. */
class Drainer implements Disposable {
  readonly #process = fork(fileURLToPath(new URL('../store/drain.js', import.meta.url)), {
    serialization: 'advanced',
  });

  drain(what: Drain): Promise<Drained> {
    const drained = new Promise<Drained>((resolve, reject) => {
      this.#process.removeAllListeners();
      this.#process.once('message', (message) => resolve(message as Drained));
      this.#process.once('exit', (code) => reject(new Error(`the peers ended with ${String(code)}`)));
    });
    this.#process.send(what);
    return drained;
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }
}

/** Tasks that change one key, on a contract with a million keys against one with ten. */
const stateSize: Suite = () =>
  withBench(async (bench) => {
    const worker = connect(bench.core, { timeout: 300_000 });
    try {
      const stateKey = randomBytes(32);
      const [large = stateKey, small = stateKey] = await deployMany(
        worker,
        await benchContract(),
        2,
        stateKey,
      );
      const fill = async (address: Uint8Array, keys: number): Promise<void> => {
        const { data } = await worker.getTip({ input: address });
        let previousHash = deltaHash(data);
        for (let from = 0, key = 1; from < keys; from += 10_000, key++) {
          const ops = Array.from({ length: Math.min(10_000, keys - from) }, (_, i): Op => ({
            op: 'add',
            path: `/k${from + i}`,
            value: BigInt(i),
          }));
          const delta = sealDelta(stateKey, { ops, previousHash });
          previousHash = deltaHash(delta);
          await worker.updateDeltas({ deltas: [{ address, key, data: delta }] });
        }
      };
      await fill(large, 1_000_000);
      await fill(small, 10);
      let value = 0;
      const tasks = async (address: Uint8Array): Promise<Measured> => {
        const requests = await taskFrames(worker, 4, 100, () => ({
          address,
          fn: 's()',
          args: Buffer.from(String(++value)),
        }));
        return bench.load({ endpoint: bench.core, peers: 4, requests });
      };
      // A key exchange builds the states.
      await provision(worker, [large, small], stateKey);
      await tasks(large);
      await tasks(small);
      const p99: Sides[] = [];
      const rate = await compare(
        'ComputeTask that changes one of 1,000,000 keys / of 10 keys',
        '> 0.85',
        '1/s',
        async () => {
          // Each is the first in turn: the one after it finds other things in caches and on the disk.
          const isLargeFirst = p99.length % 2 === 0;
          const first = await tasks(isLargeFirst ? large : small);
          const second = await tasks(isLargeFirst ? small : large);
          const [ours, baseline] = isLargeFirst ? [first, second] : [second, first];
          p99.push({ ours: ours.p99, baseline: baseline.p99 });
          return { ours: ours.perSecond, baseline: baseline.perSecond };
        },
      );
      let round = 0;
      const tail = await compare('The same, p99', '< 2', 'ms', () => Promise.resolve(p99[round++]!));
      return [rate, tail];
    } finally {
      await worker.close();
    }
  });

/** What the worker stores and reads back, over the socket. */
export const storageSuites: readonly Suite[] = [updateDeltas, getDeltas, stateSize];
