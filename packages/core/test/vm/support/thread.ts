import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { CallOutcome } from '#vm/call.js';
import { executorStackMb, executorYoungGenerationMb } from '#vm/executor-thread.js';
import { plentyOfGas, type Task } from './contract.js';

const engineUrl = new URL(`file://${createRequire(import.meta.url).resolve('#vm/engine.js')}`).href;

const program = `
const { parentPort, workerData } = require('node:worker_threads');
import(workerData.engineUrl).then(({ Engine }) => {
  const engine = new Engine();
  parentPort.postMessage(workerData.calls.map(({ kind, bytes, gasLimit }) => {
    const call = { kind, functionName: 'f', args: new Uint8Array(0), gasLimit, state: { read: () => undefined } };
    return engine[kind]({ hash: bytes, load: () => bytes }, call);
  }));
  engine.close();
});
`;

/** A call for a thread of its own. */
export interface ThreadCall {
  readonly kind: 'deploy' | 'compute';
  /** Module of a deployment, or exe code. */
  readonly bytes: Uint8Array;
  readonly gasLimit?: Task['gasLimit'];
}

/** Runs calls one after another on a thread with the stack that contracts need. */
export async function onThread(calls: readonly ThreadCall[]): Promise<CallOutcome[]> {
  const worker = new Worker(program, {
    eval: true,
    resourceLimits: { stackSizeMb: executorStackMb, maxYoungGenerationSizeMb: executorYoungGenerationMb },
    workerData: { engineUrl, calls: calls.map((call) => ({ gasLimit: plentyOfGas, ...call })) },
  });
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } finally {
    await worker.terminate();
  }
}
