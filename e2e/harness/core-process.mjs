// A worker in a process of its own, to be killed. argv: the data folder.
import { startWorker } from '@enigma-worker/core';

const worker = await startWorker({ dataDir: process.argv[2], port: 0 });
process.send({ endpoint: worker.endpoint });
process.on('SIGTERM', () => void worker.close().then(() => process.exit(0)));
