import { connect } from '@enigma-worker/client';
import { randomBytes } from '@enigma-worker/crypto';
import { encodeRequest } from '@enigma-worker/protocol';
import { benchContract } from '../ipc/contract.js';
import { type Bench, withBench } from '../ipc/processes.js';
import { deployMany, taskFrames } from '../ipc/worker-user.js';
import type { Row, Suite } from '../row.js';

/** Requests of the long run, and after how many memory is first looked at. */
const REQUESTS = Number(process.env['ENIGMA_BENCH_REQUESTS'] ?? 1_000_000);
const FIRST = 10_000;
const CONTRACTS = 1_000;

function growth(name: string, ours: number, baseline: number, target: string): Row {
  return { name, ours, baseline, ratio: ours / baseline, target, unit: 'MB' };
}

/** Reads, key requests and tasks with and without a change, of sixteen peers. */
async function mixed(
  bench: Bench,
  worker: ReturnType<typeof connect>,
  addresses: Uint8Array[],
  count: number,
) {
  const endpoint = bench.core;
  const tasks = Math.round(count / 10 / 16);
  const [address = randomBytes(32)] = addresses;
  let left = count;
  while (left > 0) {
    const step = Math.min(left, FIRST);
    const share = Math.max(1, Math.round((tasks * step) / count / 2));
    const at = (peer: number): Uint8Array => addresses[peer % addresses.length] ?? address;
    const echo = await taskFrames(worker, 16, share, (peer) => ({
      address: at(peer),
      fn: 'e()',
      args: randomBytes(64),
    }));
    const set = await taskFrames(worker, 16, share, (peer, turn) => ({
      address: at(peer),
      fn: 's()',
      args: Buffer.from(String(left + turn)),
    }));
    const read = encodeRequest('GetTip', 'tip', { input: address });
    const reads = Array.from({ length: Math.round((step * 0.8) / 16) }, () => read);
    const requests = echo.map((frames, peer) => [...frames, ...reads, ...(set[peer] ?? [])]);
    await bench.load({ endpoint, peers: 16, requests });
    left -= step;
  }
}

export const longRun: Suite = () =>
  withBench(async (bench) => {
    const worker = connect(bench.core, { timeout: 60_000 });
    const addresses = await deployMany(worker, await benchContract(), 16);
    await mixed(bench, worker, addresses, FIRST);
    const first = await bench.memory();
    await mixed(bench, worker, addresses, REQUESTS - FIRST);
    const last = await bench.memory();
    await worker.close();
    const name = `resident memory after ${REQUESTS.toLocaleString('en')} mixed requests / after ${FIRST.toLocaleString('en')}`;
    return [growth(name, last, first, '< 1.15')];
  });

export const manyContracts: Suite = () =>
  withBench(async (bench) => {
    const worker = connect(bench.core, { timeout: 60_000 });
    const preCode = await benchContract();
    // Warm: what a first contract costs is no contract's fault.
    const [warm = randomBytes(32)] = await deployMany(worker, preCode, 16);
    await bench.load({
      endpoint: bench.core,
      peers: 1,
      requests: await taskFrames(worker, 1, 100, () => ({
        address: warm,
        fn: 's()',
        args: Buffer.from('1'),
      })),
    });
    const store = async (from: number, count: number): Promise<number> => {
      for (let i = from; i < from + count; i++) {
        await worker.updateNewContract({ address: randomBytes(32), bytecode: variant(preCode, i) });
      }
      return bench.memory();
    };
    // The first ones warm up the code that stores them, until V8 has compiled all of it.
    const more = 4;
    const before = await store(0, more * CONTRACTS);
    const stored = await store(more * CONTRACTS, more * CONTRACTS);
    const addresses: Uint8Array[] = [];
    for (let i = 0; i < CONTRACTS; i++)
      addresses.push(...(await deployMany(worker, variant(preCode, 10 * CONTRACTS + i), 1)));
    const requests = await taskFrames(worker, 1, CONTRACTS, (_, turn) => ({
      address: addresses[turn] ?? warm,
      fn: 's()',
      args: Buffer.from('7'),
    }));
    await bench.load({ endpoint: bench.core, peers: 1, requests });
    const called = await bench.memory();
    await worker.close();
    return [
      growth(
        'resident memory for 1,000 stored contracts, in MB',
        Math.max(0, stored - before) / more,
        1,
        '<= 2',
      ),
      growth(
        'resident memory for 1,000 small contracts called, in MB',
        Math.max(0, called - stored),
        1,
        '<= 120',
      ),
    ];
  });

/** The same contract with other bytes in its data: another code hash. */
function variant(module: Uint8Array, number: number): Uint8Array {
  const copy = Buffer.from(module);
  copy.write(String(number).padStart(8, '0'), copy.lastIndexOf('--------'));
  return copy;
}

export const suites: readonly Suite[] = [manyContracts, longRun];
