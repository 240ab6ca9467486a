// A worker in a process of its own. argv: the options as JSON.
import { startWorker, type WorkerOptions } from '@enigma-worker/core';

const worker = await startWorker({ port: 0, ...(JSON.parse(process.argv[2] ?? '{}') as WorkerOptions) });
process.on('message', (message) => {
  if (message !== 'memory') return;
  // Garbage that was not collected yet is nobody's memory.
  globalThis.gc?.();
  process.send?.({ rss: process.memoryUsage.rss() });
});
process.send?.({ endpoint: worker.endpoint });
