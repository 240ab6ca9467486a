import { afterEach, beforeEach, expect, it } from 'vitest';
import { compute, newAddress, prepare, type Task } from './harness/user.js';
import { World } from './harness/world.js';

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

const times = (count: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(count).buffer);
const MEBIBYTE = 1024 * 1024;
const ENDLESS = { fn: 'loop()', args: times(1n << 60n), gasLimit: 2n ** 63n };

it('readers and other contracts do not notice tasks that never end', async () => {
  const worker = await world.worker({ enclave: { threads: 2, jobTimeoutMs: 6_000 } });
  const client = world.client(worker.endpoint);
  const [spinning, calm] = [await world.deployed(client), await world.deployed(client)];
  let hasEnded = false;
  const endless = compute(client, { address: spinning, ...ENDLESS }).finally(() => (hasEnded = true));
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (let i = 0; i < 200; i++) await client.getTip({ input: calm });
  expect((await compute(client, { address: calm, fn: 'get()' })).outcome.kind).toBe('result');
  expect(hasEnded).toBe(false);
  expect((await endless).outcome.kind).toBe('failedTask');
  expect((await compute(client, { address: spinning, fn: 'get()' })).outcome.kind).toBe('result');
});

it('a peer that floods the worker leaves room for the others', async () => {
  const worker = await world.worker({
    queueLimits: { pendingPerPeer: 50 },
    enclave: { threads: 2, jobTimeoutMs: 6_000 },
  });
  const [flooding, polite] = [world.client(worker.endpoint), world.client(worker.endpoint)];
  const [busy, address] = [await world.deployed(flooding), await world.deployed(polite)];
  // Behind the first of them all others wait, while they come and while somebody else is served.
  const flood: Task[] = [await prepare(flooding, { address: busy, ...ENDLESS })];
  while (flood.length < 80) flood.push(await prepare(flooding, { address: busy, fn: 'get()' }));
  const calls = flood.map(({ input }) => flooding.computeTask({ input }));
  let hasEnded = false;
  void calls[0]!.finally(() => (hasEnded = true));
  const outcomes = Promise.allSettled(calls);
  await flooding.getAllAddrs({});
  expect((await compute(polite, { address, fn: 'get()' })).outcome.kind).toBe('result');
  expect(hasEnded).toBe(false);
  const refused = (await outcomes).filter(
    (outcome) => outcome.status === 'rejected' && String(outcome.reason).includes('busy'),
  );
  expect(refused).toHaveLength(30);
});

it('a message of the largest size is served, and one beyond it is refused', async () => {
  const worker = await world.worker();
  const client = world.client(worker.endpoint);
  const address = newAddress();
  const bytecode = new Uint8Array(16 * MEBIBYTE).fill(17);
  expect(await client.updateNewContract({ address, bytecode })).toMatchObject({ status: 0 });
  expect(Buffer.compare((await client.getContract({ input: address })).bytecode, bytecode)).toBe(0);
  await expect(
    client.updateNewContract({ address, bytecode: new Uint8Array(16 * MEBIBYTE + 1) }),
  ).rejects.toMatchObject({ code: 'REFUSED' });
  const zeros = (length: number) => ({ deltas: [{ address, key: 0, data: new Uint8Array(length) }] });
  for (const [size, limit] of [
    [40 * MEBIBYTE, '67108864'],
    [70 * MEBIBYTE, '134217728'],
  ] as const) {
    await expect(client.updateDeltas(zeros(size))).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining(`at most ${limit} bytes`),
    });
  }
  expect((await client.getAllAddrs({})).addresses).toHaveLength(1);
});
