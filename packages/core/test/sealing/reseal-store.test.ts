import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { simulationProvider } from '#enclave/attestation/simulation.js';
import { Identity } from '#enclave/identity.js';
import { resealStore } from '#enclave/sealing/reseal-store.js';
import { type Sealer, sealerOf } from '#enclave/sealing/sealer.js';
import { StateKeys } from '#enclave/state-keys.js';
import { openStore } from '#store/open.js';

const attestation = simulationProvider(new Uint8Array(32));
const keys = Array.from({ length: 20 }, () => ({ address: randomBytes(32), key: randomBytes(32) }));
let dataDir: string;
let from: Sealer;
let to: Sealer;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reseal-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  [from, to] = [sealerOf('simulation', randomBytes(32)), sealerOf('key-file', randomBytes(32))];
});

/** What the enclave keeps sealed: who it is, and its state keys. */
async function secretsUnder(sealer: Sealer, put: typeof keys = [], isInMemory = false) {
  const memory = { cipher: sealer, bytes: 4 * 1024 * 1024 };
  await using store = await openStore(join(dataDir, 'store'), isInMemory ? { memory } : {});
  const identity = await Identity.open(store, sealer, attestation);
  const stateKeys = new StateKeys(store, sealer, 100);
  await stateKeys.put(put);
  stateKeys.clear();
  return { address: toHex(identity.signingAddress), keys: keys.map(({ address }) => stateKeys.get(address)) };
}

test('moves signing key and state keys to another sealing key', async () => {
  const before = await secretsUnder(from, keys);
  expect(await resealStore(dataDir, from, to)).toBe(1 + keys.length);
  expect(await secretsUnder(to)).toEqual(before);
  await expect(secretsUnder(from)).rejects.toMatchObject({ code: 'WRONG_KEY' });
  // Run again, for example because the one who ran it does not know whether it had ended.
  expect(await resealStore(dataDir, from, to)).toBe(1 + keys.length);
  expect(await secretsUnder(to)).toEqual(before);
});

test('moves the journal of a store in memory, and everything in it', async () => {
  const before = await secretsUnder(from, keys, true);
  const address = randomBytes(32);
  const memory = (cipher: Sealer) => ({ memory: { cipher, bytes: 4 * 1024 * 1024 } });
  const store = await openStore(join(dataDir, 'store'), memory(from));
  await store.updateContract(address, randomBytes(2000));
  const bytecode = store.getContract(address);
  await store.close();
  expect(await resealStore(dataDir, from, to)).toBe(1 + keys.length);
  expect(await secretsUnder(to, [], true)).toEqual(before);
  await expect(secretsUnder(from, [], true)).rejects.toMatchObject({ code: 'WRONG_KEY' });
  expect(await resealStore(dataDir, from, to)).toBe(1 + keys.length);
  await expect(resealStore(dataDir, from, sealerOf('key-file', randomBytes(32)))).rejects.toMatchObject({
    code: 'WRONG_KEY',
  });
  expect(await secretsUnder(to, [], true)).toEqual(before);
  const again = await openStore(join(dataDir, 'store'), memory(to));
  expect(again.getContract(address)).toEqual(bytecode);
  await again.close();
});

test('changes nothing when one value opens under neither key', async () => {
  const before = await secretsUnder(from, keys.slice(1));
  const store = await openStore(join(dataDir, 'store'));
  await store.putStateKeys([{ address: keys[0]!.address, sealed: randomBytes(60) }]);
  await store.close();
  await expect(resealStore(dataDir, from, to)).rejects.toMatchObject({ code: 'CORRUPT' });
  await expect(secretsUnder(to)).rejects.toMatchObject({ code: 'WRONG_KEY' });
  const again = await openStore(join(dataDir, 'store'));
  expect(toHex((await Identity.open(again, from, attestation)).signingAddress)).toBe(before.address);
  await again.close();
});

test('is refused while a worker has the store, and where there is none', async () => {
  const store = await openStore(join(dataDir, 'store'));
  await expect(resealStore(dataDir, from, to)).rejects.toMatchObject({ code: 'LOCKED' });
  await store.close();
  await expect(resealStore(join(dataDir, 'nowhere'), from, to)).rejects.toMatchObject({
    code: 'NOT_A_STORE',
  });
});
