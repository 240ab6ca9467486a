import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { startTestWorker, type TestWorker } from '@enigma-worker/local';
import { {{variable}}Abi as abi } from '../build/{{file}}.abi.js';

// A real worker: sockets, files, WebAssembly, encryption and receipts, in this process.
let worker: TestWorker;
before(async () => {
  worker = await startTestWorker();
});
after(() => worker.close());

const wasm = new Uint8Array(await readFile(new URL('../build/{{file}}.wasm', import.meta.url)));
const alice = `0x${'a1'.repeat(32)}` as const;
const bob = `0x${'b0'.repeat(32)}` as const;

test('savings add up until the goal is reached', async () => {
  const bank = await worker.deploy({ wasm, abi, args: [100n] });
  await bank.write.save({ saver: alice, amount: 60n });
  assert.equal(await bank.read.isReached(), false);
  await bank.write.save({ saver: bob, amount: 40n });
  assert.equal(await bank.read.isReached(), true);
});

test('everybody sees their own savings', async () => {
  const bank = await worker.deploy({ wasm, abi, args: [100n] });
  await bank.write.save({ saver: alice, amount: 60n });
  assert.equal(await bank.read.savedBy([alice]), 60n);
  assert.equal(await bank.read.savedBy([bob]), 0n);
});

test('what the contract refuses, it refuses with a reason', async () => {
  const bank = await worker.deploy({ wasm, abi, args: [100n] });
  await assert.rejects(bank.write.save({ saver: alice, amount: 0n }), /there is nothing to save/);
});
