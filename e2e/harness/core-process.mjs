// A worker in a process of its own, to be killed or measured. argv: the data folder, other options as JSON.
import { silentLogger, startWorker } from '@enigma-worker/core';

const [, , dataDir, options = '{}'] = process.argv;
const bug = (fields, message) => process.send({ bug: String(fields.err?.stack ?? message) });
const worker = await startWorker(
  { dataDir, port: 0, ...JSON.parse(options) },
  { log: { ...silentLogger, error: bug } },
);
process.send({ endpoint: worker.endpoint, httpUrl: worker.httpUrl });
process.on('SIGTERM', () => void worker.close().then(() => process.exit(0)));
