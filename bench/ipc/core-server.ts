// A worker in a process of its own. argv: the options as JSON.
import { startWorker, type WorkerOptions } from '@enigma-worker/core';

const worker = await startWorker({ port: 0, ...(JSON.parse(process.argv[2] ?? '{}') as WorkerOptions) });
process.on('message', (message) => {
  if (message !== 'memory') return;
  void collect().then(() => process.send?.({ rss: process.memoryUsage.rss() }));
});
process.send?.({ endpoint: worker.endpoint });

/** V8 gives pages back a moment after it has collected what was in them, from a thread of its own. */
const RETURN_MS = 300;

/** Garbage that was not collected yet is nobody's memory, nor is what V8 has emptied and is about to give back. */
async function collect(): Promise<void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
    import('node:v8'),
    import('node:vm'),
  ]);
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // What the first one empties, the second one gives back.
  for (let i = 0; i < 2; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, RETURN_MS));
  }
}
