import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@enigma-worker/client';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { startLocalNetwork, startTestWorker, type LocalNetworkOptions } from '@enigma-worker/local';
import { createClient } from '@enigma-worker/sdk';
import { expect, onTestFinished, test } from 'vitest';

async function start(options: Partial<LocalNetworkOptions> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'enigma-local-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const network = await startLocalNetwork({
    dataDir,
    corePort: 0,
    principalPort: 0,
    executors: 1,
    ...options,
  });
  onTestFinished(() => network.close());
  return network;
}

/** A port that somebody else has. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('two networks live in one process and know nothing of each other', async () => {
  const [one, other] = await Promise.all([start(), start()]);
  expect(one.endpoint).not.toBe(other.endpoint);
  expect(toHex(one.signingAddress)).not.toBe(toHex(other.signingAddress));
  expect(toHex(one.principalAddress)).not.toBe(toHex(other.principalAddress));

  const address = 'ab'.repeat(32);
  await Promise.all([one.provision(address), other.provision(address)]);
  await one.close();
  // The other one lives on.
  const client = createClient({ transport: await other.transport() });
  expect(await client.workerAddress()).toEqual(other.signingAddress);
  await client.close();
});

test('a network keeps its keys from one start to the next', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'enigma-local-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const before = await start({ dataDir });
  let isClosed = false;
  void before.close().then(() => (isClosed = true));
  // Who closes it once more waits, too: only then are its folders free.
  await before.close();
  expect(isClosed).toBe(true);
  const after = await start({ dataDir });
  expect(after.signingAddress).toEqual(before.signingAddress);
  expect(after.principalAddress).toEqual(before.principalAddress);
});

test('taken ports are refused, or others taken and said so', async () => {
  const [corePort, principalPort] = [await takenPort(), await takenPort()];
  await expect(start({ corePort })).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
  await expect(start({ principalPort })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });

  const network = await start({ corePort, principalPort, takeFreePorts: true });
  expect(network.endpoint).not.toContain(String(corePort));
  expect(network.principalUrl).not.toContain(String(principalPort));
  expect(network.notices).toEqual([
    `port ${principalPort} is taken: the principal listens on another one`,
    `port ${corePort} is taken: the core listens on another one`,
  ]);
});

test('says whose state cannot be built with the key that came', async () => {
  const network = await start();
  const client = connect(network.endpoint);
  onTestFinished(() => client.close());
  const address = randomBytes(32);
  await client.updateNewContract({ address, bytecode: randomBytes(9) });
  await client.updateDeltas({ deltas: [{ address, key: 0, data: randomBytes(99) }] });
  await expect(network.provision(toHex(address))).rejects.toMatchObject({
    name: 'LocalError',
    code: 'STATE_NOT_BUILT',
    message: `the state of ${toHex(address)} cannot be built`,
  });
});

test('closing twice is closing once', async () => {
  const network = await start();
  await network.close();
  await network[Symbol.asyncDispose]();
  const worker = await startTestWorker();
  await Promise.all([worker.close(), worker[Symbol.asyncDispose]()]);
});
