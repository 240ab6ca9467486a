// In a process of its own: calls 100 contracts on a thread as executors have it, and says how much memory the process
// takes after 1,000 and after 100,000 calls.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { contractMaker } from './contracts.js';
import { buildContract, Engine, executorStackMb, executorYoungGenerationMb } from './internals.js';

const contracts = 100;
const early = 1_000;
const late = 100_000;

function rss(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
}

async function callMany(): Promise<{ before: number; after: number }> {
  const make = await contractMaker();
  const codes = Array.from({ length: contracts }, (_, serial) => {
    const bytes = buildContract(make(8 * 1024, serial)).exe;
    const hash = new Uint8Array(32);
    new DataView(hash.buffer).setUint32(0, serial);
    return { hash, load: () => bytes };
  });
  using engine = new Engine();
  const call = {
    kind: 'compute',
    functionName: 'f',
    args: new Uint8Array(100).fill(7),
    gasLimit: 1_000_000n,
    state: { read: () => undefined },
  } as const;
  let before = 0;
  for (let round = 1; round <= late; round++) {
    const outcome = engine.compute(codes[round % contracts]!, call);
    if (!outcome.ok) throw new Error(outcome.message);
    if (round === early) before = rss();
  }
  return { before, after: rss() };
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), {
    resourceLimits: { stackSizeMb: executorStackMb, maxYoungGenerationSizeMb: executorYoungGenerationMb },
  });
  worker.once('message', (figures: object) => process.send?.(figures));
} else {
  parentPort?.postMessage(await callMany(), []);
}
