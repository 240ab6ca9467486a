import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@enigma-worker/client';
import { keccak256, open, randomBytes, seal, signDigest } from '@enigma-worker/crypto';
import { encodeRequest } from '@enigma-worker/protocol';
import { benchContract } from '../ipc/contract.js';
import { lmdbCommitSeconds } from '../ipc/lmdb-commit.js';
import type { Load, Measured } from '../ipc/load-types.js';
import { type Bench, Child, withBench } from '../ipc/processes.js';
import { deployMany, taskFrames } from '../ipc/worker-user.js';
import { median, type Row, type Suite } from '../row.js';

/** Rounds of each comparison, and how long a side of a round lasts, in ms. */
const ROUNDS = Number(process.env['ENIGMA_BENCH_ROUNDS'] ?? 5);
const MS = Number(process.env['ENIGMA_BENCH_MS'] ?? 1000);
/** Tasks of a round, for a second and more: task keys are made beforehand, so that nothing but the task is timed. */
const TASKS = { one: 7_000, sixteen: 16_000, durable: 8_000, durableOne: 2_500 } as const;
/**
 * Rounds before those that count. A task runs through much code in three or four threads, each of which V8 has to
 * compile anew for itself, bit by bit: the first 20,000 tasks are slower than all that follow.
 */
const WARM_UPS = { reads: 1, tasks: 3 } as const;
/** The same for pairs of key and task, whose rounds are as long as they are, on a slow machine too. */
const WARM_UP_PAIRS = 10_000;
/** Tasks that wait for the disk, beside clients that want the same processors, vary most: their median is of more rounds. */
const DURABLE_ROUNDS = 3 * ROUNDS;
const ARGS = new Uint8Array(64);

type Sides = { ours: Measured; baseline: Measured };

/** Both sides in turn, round by round: what drifts, drifts for both. The first rounds warm up and do not count. */
async function compare(
  round: (number: number) => Promise<Sides>,
  warmUps: number = WARM_UPS.reads,
  count = ROUNDS,
): Promise<Sides[]> {
  for (let number = -warmUps; number < 0; number++) await round(number);
  const rounds: Sides[] = [];
  for (let number = 0; number < count; number++) rounds.push(await round(number));
  return rounds;
}

function rates(name: string, target: string, rounds: readonly Sides[], scale = 1): Row {
  const of = (pick: (sides: Sides) => number): number => median(rounds.map(pick));
  return {
    name,
    ours: of(({ ours }) => ours.perSecond),
    baseline: of(({ baseline }) => baseline.perSecond * scale),
    ratio: of(({ ours, baseline }) => ours.perSecond / (baseline.perSecond * scale)),
    target,
    unit: '1/s',
  };
}

const request = (bench: Bench, peers: number, frame: Uint8Array): Load => ({
  endpoint: bench.core,
  peers,
  requests: [[frame]],
  ms: MS,
});

/** A worker with deployed contracts, beside an echo server. */
async function withContracts<T>(
  count: number,
  body: (bench: Bench, worker: ReturnType<typeof connect>, addresses: Uint8Array[]) => Promise<T>,
): Promise<T> {
  return withBench(async (bench) => {
    const worker = connect(bench.core, { timeout: 60_000 });
    try {
      return await body(bench, worker, await deployMany(worker, await benchContract(), count));
    } finally {
      await worker.close();
    }
  });
}

/** Bytes of a reply to a frame. */
async function replyBytes(bench: Bench, frame: Uint8Array): Promise<number> {
  const { bytes } = await bench.load({ endpoint: bench.core, peers: 1, requests: [[frame]] });
  return bytes;
}

export const getTip: Suite = () =>
  withContracts(1, async (bench, _, [address = randomBytes(32)]) => {
    const frame = encodeRequest('GetTip', 'tip', { input: address });
    const bytes = await replyBytes(bench, frame);
    const rows: Row[] = [];
    for (const [peers, target] of [
      [16, '>= 0.9'],
      [1, '>= 0.9'],
    ] as const) {
      const load = request(bench, peers, frame);
      const rounds = await compare(async () => ({
        baseline: await bench.echoes(load, bytes),
        ours: await bench.load(load),
      }));
      rows.push(rates(`GetTip / raw echo of the same sizes, ${peers} peers`, target, rounds));
    }
    const many = await compare(async () => ({
      baseline: await bench.load(request(bench, 16, frame)),
      ours: await bench.load(request(bench, 64, frame)),
    }));
    return [...rows, rates('GetTip of 64 peers / of 16', '> 0.9', many)];
  });

export const statelessTasks: Suite = () =>
  withContracts(16, async (bench, worker, addresses) => {
    const rows: Row[] = [];
    for (const [peers, count, target] of [
      [16, TASKS.sixteen, '>= 0.22'],
      [1, TASKS.one, '>= 0.5'],
    ] as const) {
      const echo = (peer: number) => ({
        address: addresses[peer % addresses.length] ?? randomBytes(32),
        fn: 'e()',
        args: ARGS,
      });
      const crypto: number[] = [];
      const rounds = await compare(async (number) => {
        const requests = await taskFrames(worker, peers, Math.ceil(count / peers), echo);
        const ours = await bench.load({ endpoint: bench.core, peers, requests });
        const baseline = await bench.echoes({ peers, requests, ms: MS }, Math.round(ours.bytes / count));
        if (number >= 0) crypto.push(cryptoSeconds());
        return { ours, baseline };
      }, WARM_UPS.tasks);
      rows.push(rates(`ComputeTask without state change / raw echo, ${peers} peers`, target, rounds));
      if (peers === 1) continue;
      const floor = rounds.map((sides, i) => inTurn(sides, crypto[i] ?? 0));
      rows.push(
        rates('the same / echo, one signature, three AES-GCM and four keccak in turn', '>= 0.70', floor),
      );
      rows.push(spread('ComputeTask without state change: p99 / p50, 16 peers', '<= 4', rounds));
    }
    return rows;
  });

/** The baseline as if each echo was followed by work of so many seconds. */
function inTurn({ ours, baseline }: Sides, seconds: number): Sides {
  return { ours, baseline: { ...baseline, perSecond: 1 / (1 / baseline.perSecond + seconds) } };
}

/** Seconds of the cryptography that no task can do without, on one thread. */
function cryptoSeconds(): number {
  const [key, digest, text] = [randomBytes(32), randomBytes(32), randomBytes(300)];
  const envelope = seal(key, text);
  const turns = 2_000;
  const began = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    signDigest(digest, key);
    open(key, envelope);
    open(key, envelope);
    seal(key, text);
    for (let hash = 0; hash < 4; hash++) keccak256(text);
  }
  return (performance.now() - began) / 1000 / turns;
}

function spread(name: string, target: string, rounds: readonly Sides[]): Row {
  const of = (pick: (measured: Measured) => number): number => median(rounds.map(({ ours }) => pick(ours)));
  return {
    name,
    ours: of(({ p99 }) => p99),
    baseline: of(({ p50 }) => p50),
    ratio: of(({ p99, p50 }) => p99 / p50),
    target,
    unit: 'ms',
  };
}

export const keyAndTask: Suite = () =>
  withContracts(16, async (bench, _, [address = randomBytes(32)]) => {
    const frame = randomBytes(500);
    const pairs = { contractAddress: address, gasLimit: 2n ** 40n };
    const load: Load = { endpoint: bench.core, peers: 16, requests: [], ms: MS, pairs };
    for (let warm = 0; warm < WARM_UP_PAIRS;) {
      const { perSecond, seconds } = await bench.load(load);
      warm += perSecond * seconds;
    }
    const rounds = await compare(async () => ({
      baseline: await bench.echoes(request(bench, 16, frame), 500),
      ours: await bench.load(load),
    }));
    return [rates('pairs of key and task / raw echo, 16 peers', '>= 0.085', rounds)];
  });

export const durableTasks: Suite = () =>
  withContracts(16, async (bench, worker, addresses) => {
    let value = 0;
    const rows: Row[] = [];
    for (const [peers, count, target] of [
      [16, TASKS.durable, '>= 0.14'],
      [1, TASKS.durableOne, '>= 0.1'],
    ] as const) {
      const commits: number[] = [];
      const rounds = await compare(
        async (number) => {
          if (number >= 0) commits.push(await lmdbCommitSeconds());
          const requests = await taskFrames(worker, peers, Math.ceil(count / peers), (peer) => ({
            address: addresses[peer % addresses.length] ?? randomBytes(32),
            fn: 's()',
            args: Buffer.from(String(++value)),
          }));
          const ours = await bench.load({ endpoint: bench.core, peers, requests });
          return {
            ours,
            baseline: await bench.echoes({ peers, requests, ms: MS }, Math.round(ours.bytes / count)),
          };
        },
        WARM_UPS.tasks,
        DURABLE_ROUNDS,
      );
      rows.push(
        rates(
          `ComputeTask with a durable change, a contract for each peer / raw echo, ${peers} peers`,
          target,
          rounds,
        ),
      );
      if (peers > 1) continue;
      const floor = rounds.map((sides, i) => inTurn(sides, commits[i] ?? 0));
      rows.push(rates('the same, 1 peer / one echo and one LMDB commit in turn', '>= 0.60', floor));
    }
    return rows;
  });

/** Loops that keep every executor busy, each for about so many ms on a machine of 2020. */
const loopArgs = (ms: number): Uint8Array => new Uint8Array(BigInt64Array.of(BigInt(ms) * 1_000_000n).buffer);

export const readsUnderLoad: Suite = () =>
  withContracts(4, async (bench, worker, addresses) => {
    const [address = randomBytes(32)] = addresses;
    const load = request(bench, 4, encodeRequest('GetTip', 'tip', { input: address }));
    await using other = new Child('load');
    const rows: Row[] = [];
    for (const [what, ms, each, target] of [
      ['while 4 others run heavy tasks', 2, 600, '>= 0.4'],
      ['while all executors run tasks of a second', 1000, 3, undefined],
    ] as const) {
      const rounds = await compare(async () => {
        const requests = await taskFrames(worker, 4, each, (peer) => ({
          address: addresses[peer] ?? randomBytes(32),
          fn: 'l()',
          args: loopArgs(ms),
        }));
        const baseline = await bench.load(load);
        const heavy = other.ask<Measured>({ endpoint: bench.core, peers: 4, requests });
        await new Promise((resolve) => setTimeout(resolve, 50));
        const ours = await bench.load(load);
        await heavy;
        return { ours, baseline };
      });
      if (target !== undefined) rows.push(rates(`GetTip of 4 peers ${what} / alone`, target, rounds));
      else {
        const p99 = (pick: (sides: Sides) => Measured): number =>
          median(rounds.map((sides) => pick(sides).p99));
        const [ours, baseline] = [p99((sides) => sides.ours), p99((sides) => sides.baseline)];
        rows.push({
          name: `GetTip p99 ${what} / alone`,
          ours,
          baseline,
          ratio: ours / baseline,
          target: '< 3',
          unit: 'ms',
        });
      }
    }
    return rows;
  });

export const bulkReads: Suite = () =>
  withContracts(1, async (bench, worker) => {
    const address = randomBytes(32);
    const [count, size] = [2_000, 300];
    const deltas = Array.from({ length: count }, (_, key) => ({ address, key, data: randomBytes(size) }));
    await worker.updateDeltas({ deltas });
    const frame = encodeRequest('GetDeltas', 'all', { input: [{ address, from: 0, to: count }] });
    const bytes = await replyBytes(bench, frame);
    const load = request(bench, 1, frame);
    const rounds = await compare(async () => ({
      baseline: await bench.echoes(load, bytes),
      ours: await bench.load(load),
    }));
    const megabytes = (count * size) / 1e6;
    const row = rates('GetDeltas of 2,000 x 300 B / raw echo of the same sizes', '>= 0.1', rounds);
    return [{ ...row, ours: row.ours * megabytes, baseline: row.baseline * megabytes, unit: 'MB/s' }];
  });

export const startUp: Suite = async () => {
  const sides: { ours: number; baseline: number }[] = [];
  for (let round = 0; round < Math.max(5, ROUNDS); round++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'enigma-bench-'));
    let began = performance.now();
    spawnSync(process.execPath, ['-e', '1']);
    const baseline = performance.now() - began;
    began = performance.now();
    await using core = new Child('core-server', [JSON.stringify({ dataDir })]);
    const { endpoint } = await core.next<{ endpoint: string }>();
    const worker = connect(endpoint);
    await worker.getAllAddrs({});
    sides.push({ ours: performance.now() - began, baseline });
    await worker.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  const of = (pick: (side: { ours: number; baseline: number }) => number): number => median(sides.map(pick));
  return [
    {
      name: 'start to first answer / node -e 1',
      ours: of(({ ours }) => ours),
      baseline: of(({ baseline }) => baseline),
      ratio: of(({ ours, baseline }) => ours / baseline),
      target: '<= 3',
      unit: 'ms',
    },
  ];
};

/** All of them, cheapest first. */
export const suites: readonly Suite[] = [
  startUp,
  getTip,
  bulkReads,
  statelessTasks,
  keyAndTask,
  durableTasks,
  readsUnderLoad,
];
