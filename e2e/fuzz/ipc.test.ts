import { connect as connectTcp } from 'node:net';
import { parseRequest } from '@enigma-worker/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Dealer } from 'zeromq';
import { snapshot } from '../harness/snapshot.js';
import { WRITES } from '../harness/valid.js';
import { World } from '../harness/world.js';
import { requestFrame } from './mutate.js';
import { Random } from './random.js';

const SECONDS = Number(process.env['ENIGMA_TEST_SECONDS'] ?? 5);
const SEED = Number(process.env['ENIGMA_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const WINDOW = 64;

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

/** Requests of one message; none that would rightly change the store. */
function parts(random: Random): Uint8Array[] {
  const count = random.chance(0.8) ? 1 : 1 + random.below(20);
  const frames: Uint8Array[] = [];
  while (frames.length < count) {
    const frame = random.chance(0.03) ? new Uint8Array() : requestFrame(random);
    if (!isWrite(frame)) frames.push(frame);
  }
  return frames;
}

function isWrite(frame: Uint8Array): boolean {
  try {
    return WRITES.has(parseRequest(frame).type);
  } catch {
    return false;
  }
}

function requireReply(frame: Uint8Array): void {
  const reply = JSON.parse(Buffer.from(frame).toString()) as Record<string, unknown>;
  const isError = typeof reply['msg'] === 'string' && reply['msg'] !== '' && !('result' in reply);
  const isResult = typeof reply['result'] === 'object' && !('msg' in reply);
  if (!('id' in reply) || typeof reply['type'] !== 'string' || isError === isResult) {
    throw new Error(`not a reply: ${JSON.stringify(reply).slice(0, 300)}`);
  }
  if (String(reply['msg']).includes('internal error')) throw new Error(`a bug: ${JSON.stringify(reply)}`);
}

it(`answers whatever comes, part for part (seed ${SEED}, ${SECONDS} s)`, async () => {
  const worker = await world.worker();
  const client = world.client(worker.endpoint);
  await world.deployed(client);
  const stored = await snapshot(client);
  const random = new Random(SEED);
  const socket = new Dealer({ linger: 0, receiveTimeout: 20_000 });
  world.onClose(() => socket.close());
  socket.connect(worker.endpoint);

  const open = new Map<string, number>();
  const end = performance.now() + SECONDS * 1000;
  let sent = 0;
  while (performance.now() < end || open.size > 0) {
    while (open.size < WINDOW && performance.now() < end) {
      const tag = String(sent++);
      const frames = parts(random);
      open.set(tag, frames.length);
      // The tag is an envelope of one frame; now and then another one follows.
      const envelope = random.chance(0.1) ? [tag, 'more', ''] : [tag, ''];
      await socket.send([...envelope, ...frames.map((frame) => Buffer.from(frame))]);
    }
    const [tag, ...rest] = await socket.receive();
    const delimiter = rest.findIndex((frame) => frame.length === 0);
    const replies = rest.slice(delimiter + 1);
    expect(open.get(String(tag))).toBe(replies.length);
    open.delete(String(tag));
    for (const reply of replies) requireReply(reply);
  }
  expect(sent).toBeGreaterThan(SECONDS * 50);
  expect(await snapshot(client)).toBe(stored);
});

it('outlives peers that speak no ZeroMQ, or vanish while they are answered', async () => {
  const worker = await world.worker();
  const client = world.client(worker.endpoint);
  await world.deployed(client);
  const stored = await snapshot(client);
  const random = new Random(SEED);
  const port = Number(worker.endpoint.split(':').at(-1));
  const greeting = Buffer.concat([Buffer.of(0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0), Buffer.from('NULL')]);
  const end = performance.now() + Math.min(SECONDS, 60) * 500;
  while (performance.now() < end) {
    await new Promise<void>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1');
      socket
        .resume()
        .on('close', () => resolve())
        .on('error', () => undefined);
      if (random.chance(0.5)) socket.write(greeting);
      socket.write(random.bytes(random.below(300)));
      setTimeout(() => socket.destroy(), random.below(3));
    });
    const peer = new Dealer({ linger: 0 });
    peer.connect(worker.endpoint);
    for (let count = random.below(5); count > 0; count--) {
      await peer.send(['', ...parts(random).map((frame) => Buffer.from(frame))]);
    }
    peer.close();
  }
  expect(await snapshot(client)).toBe(stored);
});
