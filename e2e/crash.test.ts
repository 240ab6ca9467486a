import type { WorkerOptions } from '@enigma-worker/core';
import { toHex, utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CoreProcess } from './harness/core-process.js';
import { compute, prepare } from './harness/user.js';
import { World } from './harness/world.js';

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

/** Where a core holds what it stores. Its map of memory goes with the test: who is killed cannot remove it. */
const STORES: readonly [string, () => Partial<WorkerOptions>][] = [
  ['on the disk', () => ({})],
  ['in memory', () => ({ storeInMemory: { bytes: 64 * 1024 * 1024, folder: world.folder() } })],
];

async function start(dataDir: string, options: Partial<WorkerOptions> = {}): Promise<CoreProcess> {
  const core = await CoreProcess.start(dataDir, options);
  world.onClose(() => core.end());
  return core;
}

it.each(STORES)(
  'what was acknowledged is there after SIGKILL, and the chain goes on: %s',
  async (_, where) => {
    const options = where();
    const dataDir = world.folder();
    const first = await start(dataDir, options);
    const before = world.client(first.endpoint);
    const identity = await before.getRegistrationParams({});
    const address = await world.deployed(before);
    await compute(before, { address, fn: 'set(any)', args: utf8('"kept"') });
    const tips = await before.getAllTips({});
    await first.end();

    const second = await start(dataDir, options);
    const after = world.client(second.endpoint);
    expect(toHex((await after.getRegistrationParams({})).signingKey)).toBe(toHex(identity.signingKey));
    expect(await after.getAllTips({})).toEqual(tips);
    expect(Buffer.from((await compute(after, { address, fn: 'get()' })).output).toString()).toBe('"kept"');
    const next = await compute(after, { address, fn: 'set(any)', args: utf8('2') });
    expect(next.outcome).toMatchObject({ kind: 'result', result: { delta: { key: 2 } } });
  },
);

it.each(STORES)('SIGKILL under load loses nothing that was acknowledged: %s', async (_, where) => {
  const options = where();
  const dataDir = world.folder();
  const first = await start(dataDir, options);
  const before = world.client(first.endpoint);
  const addresses = await Promise.all(Array.from({ length: 4 }, () => world.deployed(before)));
  const acknowledged = new Map(addresses.map((address) => [toHex(address), 0]));
  const users = addresses.map(async (address) => {
    for (let value = 1; ; value++) {
      await compute(before, { address, fn: 'set(any)', args: utf8(String(value)) });
      acknowledged.set(toHex(address), value);
    }
  });
  const ended = Promise.allSettled(users);
  await new Promise((resolve) => setTimeout(resolve, 400));
  // A busy machine may need longer for the first task of each.
  while ([...acknowledged.values()].includes(0)) await new Promise((resolve) => setTimeout(resolve, 10));
  await first.end();
  await before.close();
  await ended;

  const second = await start(dataDir, options);
  const after = world.client(second.endpoint);
  for (const address of addresses) {
    const value = acknowledged.get(toHex(address)) ?? 0;
    expect(value).toBeGreaterThan(0);
    const { key } = await after.getTip({ input: address });
    expect(key - value).toBeGreaterThanOrEqual(0);
    expect(key - value).toBeLessThanOrEqual(1);
    expect(Buffer.from((await compute(after, { address, fn: 'get()' })).output).toString()).toBe(String(key));
  }
});

it('SIGTERM under load answers every request that was accepted', async () => {
  const core = await start(world.folder());
  const client = world.client(core.endpoint, { taskTimeout: 25_000 });
  const address = await world.deployed(client);
  const tasks = await Promise.all(
    Array.from({ length: 50 }, (_, i) => prepare(client, { address, fn: 'set(any)', args: utf8(String(i)) })),
  );
  const calls = Promise.allSettled(tasks.map(({ input }) => client.computeTask({ input })));
  await client.getAllAddrs({});
  expect(await core.end('SIGTERM')).toBe(0);
  for (const call of await calls) {
    if (call.status === 'fulfilled') expect(call.value.kind).toBe('result');
    else expect(call.reason).toMatchObject({ code: 'REFUSED', message: expect.stringContaining('stopping') });
  }
});
