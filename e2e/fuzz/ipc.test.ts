import { connect as connectTcp } from 'node:net';
import { parseRequest } from '@enigma-worker/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Dealer } from 'zeromq';
import { CoreProcess } from '../harness/core-process.js';
import { dump } from '../harness/dump.js';
import { count, extent, IS_LONG, summary } from '../harness/extent.js';
import { snapshot } from '../harness/snapshot.js';
import { WRITES } from '../harness/valid.js';
import { World } from '../harness/world.js';
import { message, ZmtpPeer } from '../harness/zmtp.js';
import { requestFrame } from './mutate.js';
import { Random } from './random.js';
import { brokenBytes, chopped, opening, shaped } from './stream.js';

const EXTENT = extent(5, 'frames');
const SEED = Number(process.env['ENIGMA_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
/** Messages that each DEALER socket has on their way. */
const WINDOW = 64;
const DEALERS = 2;
/** Growth that is allowed after the first tenth; a short run has hardly warmed up by then. */
const GROWTH = IS_LONG ? 1.15 : 1.6;

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

/** Requests of one message; none that would rightly change the store. */
function parts(random: Random): Uint8Array[] {
  const wanted = random.chance(0.8) ? 1 : 1 + random.below(20);
  const frames: Uint8Array[] = [];
  while (frames.length < wanted) {
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

/** What all senders of a test have done. */
class Tally {
  /** Frames that must be answered, and were: or the test has failed. */
  answered = 0;
  /** Frames, or pieces of what claims to be some, that break the protocol. */
  broken = 0;

  get frames(): number {
    return this.answered + this.broken;
  }
}

type Sender = (endpoint: string, random: Random, tally: Tally, enough: () => boolean) => Promise<void>;

/** A DEALER socket of libzmq that keeps many messages on their way, each under a name of its own. */
const pipelining: Sender = async (endpoint, random, tally, enough) => {
  const socket = new Dealer({ linger: 0, receiveTimeout: 20_000 });
  world.onClose(() => socket.close());
  socket.connect(endpoint);
  const open = new Map<string, number>();
  for (let sent = 0; !enough() || open.size > 0;) {
    while (open.size < WINDOW && !enough()) {
      const tag = String(sent++);
      const frames = parts(random);
      open.set(tag, frames.length);
      // The tag is an envelope of one frame; now and then another one follows.
      const envelope = random.chance(0.1) ? [tag, 'more', ''] : [tag, ''];
      await socket.send([...envelope, ...frames.map((frame) => Buffer.from(frame))]);
    }
    const [tag, ...rest] = await socket.receive();
    const replies = rest.slice(rest.findIndex((frame) => frame.length === 0) + 1);
    if (open.get(String(tag)) !== replies.length) {
      throw new Error(
        `message ${String(tag)}: ${replies.length} replies to ${open.get(String(tag))} requests`,
      );
    }
    open.delete(String(tag));
    for (const reply of replies) requireReply(reply);
    tally.answered += replies.length;
  }
  socket.close();
};

/** Connections that say the same in every way that ZMTP allows, in pieces cut anywhere, and are to be answered. */
const shaping: Sender = async (endpoint, random, tally, enough) => {
  for (let at = 0; !enough(); at++) {
    const peer = await ZmtpPeer.connect(endpoint, from(at));
    peer.read();
    const messages = Array.from({ length: 40 }, () => parts(random));
    const bytes = Buffer.concat([opening(), ...messages.map((each) => shaped(['', ...each], random))]);
    for (const piece of chopped(bytes, random)) await peer.write(piece);
    const replies = await peer.messages(messages.length);
    if (replies.length !== messages.length) {
      throw new Error(`${replies.length} replies to ${messages.length} messages of connection ${at}`);
    }
    // Replies may overtake each other: how many have how many parts is what must agree.
    const sizes = (all: readonly { length: number }[]): string =>
      Uint32Array.from(all, ({ length }) => length)
        .sort()
        .join();
    const [asked, got] = [sizes(messages), sizes(replies.map((frames) => frames.slice(1)))];
    if (asked !== got) throw new Error(`replies of ${got} parts to messages of ${asked}`);
    for (const reply of replies.flatMap((frames) => frames.slice(1))) {
      requireReply(reply);
      tally.answered++;
    }
    peer.vanish('close');
  }
};

/** Connections that break the protocol somewhere, after which nothing more is owed to them. */
const breaking: Sender = async (endpoint, random, tally, enough) => {
  for (let at = 0; !enough(); at++) {
    const peer = await ZmtpPeer.connect(endpoint, from(at));
    if (random.chance(0.8)) peer.read();
    const frames = Array.from({ length: random.below(60) }, () => {
      const [first] = parts(random);
      return random.chance(0.8) ? shaped(['', first!], random) : brokenBytes(random);
    });
    if (random.chance(0.9)) await peer.write(opening());
    await peer.write(Buffer.concat([...frames, brokenBytes(random)]));
    tally.broken += frames.length + 1;
    if (random.chance(0.5)) await peer.messages(Infinity, random.below(5));
    peer.vanish(random.chance(0.5) ? 'close' : 'reset');
  }
};

/** The loopback address for a connection: one alone runs out of ports. */
function from(connection: number): string {
  return `127.0.0.${2 + (connection % 200)}`;
}

describe('whatever comes', () => {
  it(`every request is answered, part for part, and nothing changes (seed ${SEED}, ${EXTENT.title})`, async () => {
    const dataDir = world.folder();
    const core = await CoreProcess.start(dataDir);
    world.onClose(() => core.end());
    const client = world.client(core.endpoint);
    await world.deployed(client);
    const [seen, stored] = [await snapshot(client), await dump(dataDir)];

    const tally = new Tally();
    let failed = false;
    const enough = (): boolean => failed || EXTENT.progress(tally.frames) >= 1;
    const since = performance.now();
    const senders = [...Array.from({ length: DEALERS }, () => pipelining), shaping, breaking];
    const all = Promise.all(
      senders.map(async (send, at) => {
        try {
          await send(core.endpoint, new Random(SEED + at), tally, enough);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    );
    await Promise.race([all, until(() => EXTENT.progress(tally.frames) >= 0.1 || enough())]);
    const [early, memory, descriptors] = [tally.frames, core.memory(), core.descriptors()];
    await all;
    const seconds = (performance.now() - since) / 1000;
    await expect.poll(() => core.descriptors(), { timeout: 10_000 }).toBeLessThanOrEqual(descriptors);
    const later = core.memory();

    summary(
      `${count(tally.frames)} fuzzed frames in ${seconds.toFixed(0)} s (${count(tally.frames / seconds)}/s, seed ${SEED}): ` +
        `${count(tally.answered)} requests, all answered, ${count(tally.broken)} in connections that break the protocol; ` +
        `resident ${memory.toFixed(0)} MB after ${count(early)}, ${later.toFixed(0)} MB after all ` +
        `(${(later / memory).toFixed(3)}), descriptors ${descriptors} -> ${core.descriptors()}, the store unchanged`,
    );
    expect(core.alive).toBe(true);
    expect(core.bugs).toEqual([]);
    expect(tally.answered).toBeGreaterThan(100);
    expect(tally.broken).toBeGreaterThan(10);
    expect(await snapshot(client)).toBe(seen);
    expect(await dump(dataDir)).toBe(stored);
    expect(later).toBeLessThan(memory * GROWTH);
  });

  it('no answer is owed to who speaks no ZeroMQ, and nobody else notices', async () => {
    const worker = await world.worker();
    const client = world.client(worker.endpoint);
    await world.deployed(client);
    const stored = await snapshot(client);
    const random = new Random(SEED);
    const port = Number(worker.endpoint.split(':').at(-1));
    for (let round = 0; round < (IS_LONG ? 2000 : 150); round++) {
      const socket = connectTcp(port, '127.0.0.1');
      const closed = new Promise<void>((resolve) => {
        socket
          .resume()
          .on('close', () => resolve())
          .on('error', () => undefined);
      });
      if (random.chance(0.5)) socket.write(opening().subarray(0, random.below(100)));
      socket.write(random.bytes(random.below(300)));
      setTimeout(() => socket.destroy(), random.below(3));
      if (round % 10 === 0) expect(await snapshot(client)).toBe(stored);
      await closed;
    }
    // A message without the empty frame before its requests is told what it lacks.
    const peer = await ZmtpPeer.connect(worker.endpoint);
    peer.read();
    await peer.write(Buffer.concat([opening(), message('no', 'delimiter', 'here')]));
    const [reply] = await peer.messages(1);
    expect(reply).toHaveLength(3);
    for (const part of reply!) expect(String(part)).toContain('empty frame');
    peer.vanish('close');
    expect(await snapshot(client)).toBe(stored);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
