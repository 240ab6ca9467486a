import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { addressOf, bytes, temporaryStore } from './support.js';

// Reads, then stands still as an idle executor thread does.
const READER = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { openStoreReader } = await import(workerData.modules + 'store/reader.js');
  const reader = openStoreReader(workerData.folder);
  reader.contract(workerData.address);
  reader.refresh();
  parentPort.postMessage('read', []);
  Atomics.wait(workerData.bell, 0, 0);
  await reader.close();
`;

it('a reader that has refreshed does not make the file grow', async () => {
  const { store, folder } = await temporaryStore();
  await store.updateContract(addressOf(1), bytes(10, 1));
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const modules = new URL('../../dist/', import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(READER)}`), {
    workerData: { modules, folder, bell, address: addressOf(1) },
  });
  const exit = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  for (let n = 0; n < 300; n++) await store.putBlob(`blob ${n % 20}`, bytes(3000, n));
  expect(statSync(join(folder, 'data.mdb')).size).toBeLessThan(1_000_000);
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
  await exit;
});
