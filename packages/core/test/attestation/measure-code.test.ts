import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toHex } from '@enigma-worker/crypto';
import { expect, test } from 'vitest';
import { measuredFolder, measureWorker, PACKAGES } from '#enclave/attestation/measure-code.js';

/** Starts a worker with metrics, and prints what the engine has loaded by then. */
const PROGRAM = `
  import { Session } from 'node:inspector';
  const scripts = [];
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => scripts.push(params.url));
  session.post('Debugger.enable');
  const { startWorker } = await import('@enigma-worker/core');
  const worker = await startWorker({ dataDir: process.argv[1], port: 0, http: { port: 0 } });
  await worker.close();
  console.log(JSON.stringify(scripts));
`;

test('the worker measures its own code, the same each time', async () => {
  const first = toHex(await measureWorker());
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(toHex(await measureWorker())).toBe(first);
});

test('every file of ours that a worker loads is among those that it measures', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'enigma-measure-'));
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', PROGRAM, dataDir],
      { cwd: fileURLToPath(new URL('.', import.meta.url)), maxBuffer: 16 << 20 },
    );
    const loaded = (JSON.parse(stdout) as string[]).filter((url) => /^file:.*\.js$/.test(url));
    const ours = loaded.map((url) => fileURLToPath(url)).filter((path) => !path.includes('node_modules'));
    const folders = PACKAGES.map(measuredFolder);
    expect(ours.filter((path) => !folders.some((folder) => path.startsWith(folder)))).toEqual([]);
    for (const folder of folders)
      expect(
        ours.some((path) => path.startsWith(folder)),
        folder,
      ).toBe(true);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
