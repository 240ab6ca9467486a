import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { openStore } from '#store/open.js';
import type { Store } from '#store/store.js';
import { verifyStore } from '#store/tools/verify.js';
import { addressOf, bytes, storeErrorOf, temporaryFolder, temporaryStore } from './support.js';

const A = addressOf(1);
const B = addressOf(2);
const MANY = 5000;

function deltas(address: Uint8Array, count: number, seed = 0) {
  return Array.from({ length: count }, (_, key) => ({ address, key, data: bytes(40, key + seed) }));
}

/** Waits until nothing that was dropped is left. */
async function swept(store: Store, left: number): Promise<void> {
  for (let i = 0; i < 500 && store.counts().deltas > left; i++) await store.putBlob('turn', bytes(1, i));
  expect(store.counts().deltas).toBe(left);
}

it('a large contract is gone for everyone at once, and cleared away while others go on', async () => {
  const { store, folder } = await temporaryStore();
  await store.updateDeltas([...deltas(A, MANY), ...deltas(B, 3)]);
  await store.removeContract(A);
  expect(store.counts().deltas).toBeGreaterThan(MANY / 2);

  expect(store.contract(A)).toBeUndefined();
  expect(store.getTip(A)).toBeUndefined();
  expect(store.delta(A, 0)).toBeUndefined();
  expect(store.delta(A, MANY - 1)).toBeUndefined();
  expect(await store.getAllAddresses()).toEqual([B]);
  expect((await store.getAllTips()).map(({ address }) => address)).toEqual([B]);
  expect((await storeErrorOf(() => store.getDeltas([{ address: A, from: 0, to: MANY }]))).code).toBe(
    'UNKNOWN_CONTRACT',
  );
  expect(await store.updateDeltas([{ address: B, key: 3, data: bytes(9, 9) }])).toEqual([true]);
  expect((await verifyStore(folder)).problems).toEqual([]);
  await swept(store, 4);
  expect((await verifyStore(folder)).problems).toEqual([]);
});

it('what comes to the address of a removed contract stays, and sees nothing of what is left of it', async () => {
  const { store, folder } = await temporaryStore();
  await store.updateDeltas(deltas(A, MANY));
  const [, stored] = await Promise.all([store.removeContract(A), store.updateDeltas(deltas(A, 2, 77))]);
  expect(stored).toEqual([true, true]);
  expect(store.contract(A)).toMatchObject({ tip: 1, deltaCount: 2 });
  expect(store.delta(A, 1)).toEqual(bytes(40, 78));
  expect(store.delta(A, 2)).toBeUndefined();
  await swept(store, 2);
  await store.updateDeltas(deltas(A, MANY, 77));
  await store.removeContract(A);
  expect(await store.updateContract(A, bytes(20, 1))).toBe(true);
  expect(await store.updateContractOnDeployment(A, bytes(20, 1), { key: 0, data: bytes(5, 5) })).toBe(true);
  expect(store.contract(A)).toMatchObject({ tip: 0, deltaCount: 1 });
  expect((await verifyStore(folder)).problems).toEqual([]);
});

it('goes on after a stop in its midst, before which nothing is seen of it', async () => {
  const folder = await temporaryFolder();
  const first = await openStore(folder);
  await first.updateDeltas(deltas(A, MANY));
  await first.removeContract(A);
  await first.close();
  expect((await verifyStore(folder)).problems).toEqual([]);

  const second = await openStore(folder);
  expect(second.counts().deltas).toBeGreaterThan(MANY / 2);
  expect(second.contract(A)).toBeUndefined();
  expect(second.delta(A, MANY - 1)).toBeUndefined();
  expect(await second.updateDeltas(deltas(A, 1, 5))).toEqual([true]);
  expect(second.delta(A, 0)).toEqual(bytes(40, 5));
  expect(second.delta(A, 1)).toBeUndefined();
  await swept(second, 1);
  await second.close();
  expect((await verifyStore(folder)).problems).toEqual([]);
});

it('a long range of deltas goes in steps, between which others write and the store is whole', async () => {
  const { store, folder } = await temporaryStore();
  await store.updateDeltas([...deltas(A, MANY + 10), ...deltas(B, 4)]);
  const removal = store.removeDeltas([
    { address: B, from: 1, to: 2 },
    { address: A, from: 3, to: MANY },
    { address: B, from: 3, to: 2 ** 32 - 1 },
  ]);
  // Committed with the first step.
  await store.putBlob('turn', bytes(1, 1));
  expect(store.counts().deltas).toBeLessThan(MANY);
  expect(store.counts().deltas).toBeGreaterThan(MANY / 2);
  expect((await verifyStore(folder)).problems).toEqual([]);
  await removal;
  expect(store.contract(A)).toMatchObject({ tip: MANY + 9, deltaCount: 13 });
  expect(store.contract(B)).toMatchObject({ tip: 2, deltaCount: 2 });
  expect(store.getTip(B)).toEqual({ address: B, key: 2, data: bytes(40, 2) });
  const left = await store.getDeltas([{ address: A, from: 0, to: 2 ** 32 - 1 }]);
  expect(left.map(({ key }) => key)).toEqual([0, 1, 2, ...Array.from({ length: 10 }, (_, i) => MANY + i)]);
  expect(await store.updateDeltas([{ address: A, key: 100, data: bytes(3, 3) }])).toEqual([true]);
});

const REMOVER = `
  const { openStore } = await import(process.argv[2] + 'store/open.js');
  const store = await openStore(process.argv[1]);
  const address = new Uint8Array(32).fill(1);
  const deltas = Array.from({ length: ${MANY} }, (_, key) => ({ address, key, data: new Uint8Array(40).fill(key) }));
  await store.updateDeltas(deltas);
  process.stdout.write('stored\\n');
  await store.removeContract(address);
  process.stdout.write('removed\\n');
  setInterval(() => undefined, 1000);
`;

it('is all or nothing when the process is killed', async () => {
  const folder = await temporaryFolder();
  const address = new Uint8Array(32).fill(1);
  const modules = new URL('../../dist/', import.meta.url).href;
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', REMOVER, folder, modules], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    const lines = createInterface(child.stdout).on('line', (line) => said.push(line));
    await once(lines, 'line');
    await new Promise((resolve) => setTimeout(resolve, round * 4));
    child.kill('SIGKILL');
    await once(child, 'close');
    expect((await verifyStore(folder)).problems).toEqual([]);
    const store = await openStore(folder);
    const record = store.contract(address);
    if (record !== undefined) expect(record).toMatchObject({ tip: MANY - 1, deltaCount: MANY });
    if (said.includes('removed')) expect(record).toBeUndefined();
    if (round % 2 === 0) await store.removeContract(address);
    if (round % 2 === 0) await swept(store, 0);
    await store.close();
    expect((await verifyStore(folder)).problems).toEqual([]);
  }
});
