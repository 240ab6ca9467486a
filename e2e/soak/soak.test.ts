import { utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Client } from '@enigma-worker/client';
import { Dealer } from 'zeromq';
import { Random } from '../fuzz/random.js';
import { CoreProcess } from '../harness/core-process.js';
import { compute, prepare } from '../harness/user.js';
import { World } from '../harness/world.js';

const SECONDS = Number(process.env['ENIGMA_TEST_SECONDS'] ?? 6);
const USERS = 8;
/** Growth that is allowed after the first third; a short run has hardly warmed up by then. */
const GROWTH = SECONDS >= 120 ? 1.15 : 1.6;

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

/** One user with a contract of its own, which it replaces now and then, until the time is over. */
async function use(client: Client, random: Random, end: number): Promise<number> {
  let address = await world.deployed(client);
  let value = 0;
  let kept = '0';
  let requests = 0;
  while (performance.now() < end) {
    requests++;
    switch (random.below(10)) {
      case 0:
      case 1:
        kept = String(++value);
        expect((await compute(client, { address, fn: 'set(any)', args: utf8(kept) })).outcome.kind).toBe(
          'result',
        );
        break;
      case 2:
      case 3:
        expect(Buffer.from((await compute(client, { address, fn: 'get()' })).output).toString()).toBe(kept);
        break;
      case 4:
        expect((await compute(client, { address, fn: 'trap()' })).outcome.kind).toBe('failedTask');
        break;
      case 5:
        await client.getAllTips({});
        break;
      case 6:
        await prepare(client, { address, fn: 'never sent' });
        break;
      case 7: {
        const { key } = await client.getTip({ input: address });
        const { deltas } = await client.getDeltas({ input: [{ address, from: 0, to: key + 1 }] });
        expect(deltas).toHaveLength(key + 1);
        expect(await client.updateDeltas({ deltas })).toMatchObject({ status: 0 });
        break;
      }
      case 8:
        await expect(client.getTip({ input: random.bytes(32) })).rejects.toMatchObject({ code: 'REFUSED' });
        break;
      default:
        if (!random.chance(0.2)) break;
        expect(await client.removeContract({ address })).toMatchObject({ status: 0 });
        address = await world.deployed(client);
        kept = '0';
    }
  }
  return requests;
}

/** Peers that come, ask, and are gone before the answer. */
async function comeAndGo(endpoint: string, random: Random, end: number): Promise<number> {
  let peers = 0;
  for (; performance.now() < end; peers++) {
    const peer = new Dealer({ linger: 50 });
    peer.connect(endpoint);
    for (let count = 1 + random.below(4); count > 0; count--) {
      await peer.send(['', '{"id":"gone","type":"GetAllTips"}']);
    }
    await new Promise((resolve) => setTimeout(resolve, random.below(10)));
    peer.close();
  }
  return peers;
}

it(`goes on under mixed load while peers and contracts come and go (${SECONDS} s)`, async () => {
  const core = await CoreProcess.start(world.folder());
  world.onClose(() => core.end());
  const began = performance.now();
  const end = began + SECONDS * 1000;
  const clients = Array.from({ length: USERS }, () => world.client(core.endpoint));
  const users = clients.map((client, at) => use(client, new Random(at), end));
  const visitors = comeAndGo(core.endpoint, new Random(USERS), end);
  await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1000) / 3));
  const [memory, descriptors] = [core.memory(), core.descriptors()];
  const requests = (await Promise.all(users)).reduce((sum, count) => sum + count, 0);
  expect(await visitors).toBeGreaterThan(SECONDS);
  expect(requests).toBeGreaterThan(SECONDS * 10);
  expect(core.alive).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(core.memory()).toBeLessThan(memory * GROWTH);
  expect(core.descriptors()).toBeLessThan(descriptors + 20);
});

it('forgets a crowd of peers that vanished while they were answered', async () => {
  const core = await CoreProcess.start(world.folder());
  world.onClose(() => core.end());
  const client = world.client(core.endpoint);
  const address = await world.deployed(client);
  await client.getAllTips({});
  const descriptors = core.descriptors();
  const crowd = SECONDS >= 120 ? 10_000 : 300;
  for (let gone = 0; gone < crowd; gone += 50) {
    const peers = Array.from({ length: 50 }, () => new Dealer({ linger: 20 }));
    await Promise.all(
      peers.map(async (peer) => {
        peer.connect(core.endpoint);
        await peer.send([
          '',
          JSON.stringify({ id: 1, type: 'GetTip', input: Buffer.from(address).toString('hex') }),
        ]);
        await peer.send(['', JSON.stringify({ id: 1, type: 'RemoveContract', address: 'ab'.repeat(32) })]);
      }),
    );
    for (const peer of peers) peer.close();
  }
  await expect.poll(() => core.descriptors(), { timeout: 10_000 }).toBeLessThan(descriptors + 10);
  expect((await client.getTip({ input: address })).key).toBe(0);
});
