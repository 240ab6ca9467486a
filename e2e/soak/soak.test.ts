import { utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Client } from '@enigma-worker/client';
import { Dealer } from 'zeromq';
import { Random } from '../fuzz/random.js';
import { CoreProcess } from '../harness/core-process.js';
import { count, extent, IS_LONG, summary } from '../harness/extent.js';
import { compute, prepare } from '../harness/user.js';
import { World } from '../harness/world.js';

const EXTENT = extent(6, 'requests');
const USERS = 8;
/** After so many requests, or a third of all, memory is measured for the first time. */
const EARLY = 10_000;
/** And once more after so many, in a run that gets so far, before it is measured at the end. */
const LATE = 1_000_000;
/** Growth that is allowed from one measurement to the next; a short run has hardly warmed up by the first. */
const GROWTH = IS_LONG ? 1.15 : 1.6;

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

/** One user with a contract of its own, which it replaces now and then, until it is told to stop. */
async function use(client: Client, random: Random, stop: AbortSignal): Promise<void> {
  let address = await world.deployed(client);
  let value = 0;
  let kept = '0';
  while (!stop.aborted) {
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
}

/** Peers that come, ask, and are gone before the answer. */
async function comeAndGo(endpoint: string, random: Random, stop: AbortSignal): Promise<number> {
  let peers = 0;
  for (; !stop.aborted; peers++) {
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

/** Waits, looking at what the core counts, until it answered so much of what is to be; gives how many requests. */
async function answered(core: CoreProcess, enough: (requests: number) => boolean): Promise<number> {
  for (;;) {
    if (!core.alive) throw new Error('the core has ended');
    const requests = (await core.figures()).sum('enigma_requests_total');
    if (enough(requests)) return requests;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

it(`goes on under mixed load while peers and contracts come and go (${EXTENT.title})`, async () => {
  const core = await CoreProcess.start(world.folder(), { http: { port: 0 } });
  world.onClose(() => core.end());
  const stop = new AbortController();
  world.onClose(() => stop.abort());
  const since = performance.now();
  const clients = Array.from({ length: USERS }, () => world.client(core.endpoint));
  const users = Promise.all(clients.map((client, at) => use(client, new Random(at), stop.signal)));
  const visitors = comeAndGo(core.endpoint, new Random(USERS), stop.signal);
  // What fails ends the wait, too.
  const until = (enough: (requests: number) => boolean): Promise<number> =>
    Promise.race([answered(core, enough), users.then(() => 0), visitors.then(() => 0)]);

  const early = await until((requests) => requests >= EARLY || EXTENT.progress(requests) >= 1 / 3);
  const [memory, descriptors] = [core.memory(), core.descriptors()];
  const late = await until((requests) => requests >= LATE || EXTENT.progress(requests) >= 1);
  const lateMemory = core.memory();
  const requests = await until((done) => EXTENT.progress(done) >= 1);
  stop.abort();
  const [, peers] = await Promise.all([users, visitors]);
  await expect.poll(() => core.descriptors(), { timeout: 10_000 }).toBeLessThan(descriptors + 20);
  const later = core.memory();

  const seconds = (performance.now() - since) / 1000;
  const figures = await core.figures();
  summary(
    `${count(requests)} mixed requests in ${seconds.toFixed(0)} s (${count(requests / seconds)}/s), ` +
      `${count(peers)} peers that came and went, ${figures.value('enigma_contracts')} contracts at the end: ` +
      `resident ${memory.toFixed(0)} MB after ${count(early)} requests, ${lateMemory.toFixed(0)} MB after ` +
      `${count(late)} (${(lateMemory / memory).toFixed(3)}), ${later.toFixed(0)} MB after all ` +
      `(${(later / lateMemory).toFixed(3)}), descriptors ${descriptors} -> ${core.descriptors()}`,
  );
  expect(peers).toBeGreaterThan(5);
  expect(requests).toBeGreaterThan(early);
  expect(lateMemory).toBeLessThan(memory * GROWTH);
  expect(later).toBeLessThan(lateMemory * GROWTH);
  expect(core.bugs).toEqual([]);
});
