// A worker in a process of its own. argv: the options as JSON.
import { startWorker, type WorkerOptions } from '@enigma-worker/core';

const worker = await startWorker({ port: 0, ...(JSON.parse(process.argv[2] ?? '{}') as WorkerOptions) });
process.on('message', (message) => {
  if (message !== 'memory') return;
  void collect().then(() => process.send?.({ rss: process.memoryUsage.rss() }));
});
process.send?.({ endpoint: worker.endpoint });

/** Garbage that was not collected yet is nobody's memory. */
async function collect(): Promise<void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
    import('node:v8'),
    import('node:vm'),
  ]);
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
