import { encodeRequest } from '@enigma-worker/protocol';
import { toHex } from '@enigma-worker/crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { curveKeyPair, Dealer } from 'zeromq';
import { Random } from '../fuzz/random.js';
import { CoreProcess } from '../harness/core-process.js';
import { count, crowd, IS_LONG, summary } from '../harness/extent.js';
import { dump } from '../harness/dump.js';
import { prepare } from '../harness/user.js';
import { World } from '../harness/world.js';
import { greeting, ping, ready, request, ZmtpPeer } from '../harness/zmtp.js';

const PEERS = crowd(400, 10_000);
/** libzmq's own handshakes cost a hundred times as much. */
const CURVE_PEERS = Math.ceil(PEERS / 5);
/** So many are there at any one time. */
const TOGETHER = 40;
/** Growth that is allowed after the first half; a short run has hardly warmed up by then. */
const GROWTH = IS_LONG ? 1.15 : 1.5;

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

/** What the peers of a test ask about. */
interface Target {
  readonly endpoint: string;
  readonly address: string;
  /** A task that takes some milliseconds, ready to be sent once. */
  readonly task: () => Promise<string>;
}

type Stage = (peer: ZmtpPeer, target: Target, random: Random) => Promise<void>;

const json = (type: string, fields: object = {}): string => JSON.stringify({ id: 'gone', type, ...fields });
const moment = (random: Random): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, random.below(4)));
const begin = (peer: ZmtpPeer): Promise<void> => peer.write(Buffer.concat([greeting(), ready()]));
/** Some of what comes first in these bytes, at least one byte less than all. */
const part = (bytes: Buffer, random: Random): Buffer => bytes.subarray(0, random.below(bytes.length));

/** Where a peer may be when it vanishes. */
const STAGES: Readonly<Record<string, Stage>> = {
  'just connected': async () => undefined,
  'in its greeting': (peer, _target, random) => peer.write(part(greeting(), random)),
  'in its READY': (peer, _target, random) => peer.write(Buffer.concat([greeting(), part(ready(), random)])),
  'greeted, with nothing to say': begin,
  'in the head or body of a frame': async (peer, { address }, random) => {
    await begin(peer);
    await peer.write(part(request(json('GetTip', { input: address })), random));
  },
  'in a frame announced as huge': async (peer, _target, random) => {
    await begin(peer);
    const head = Buffer.alloc(9);
    head[0] = 2;
    head.writeBigUInt64BE(50_000_000n, 1);
    await peer.write(Buffer.concat([head, Buffer.alloc(random.below(200_000), 'x')]));
  },
  'between the frames of a message': async (peer, _target, random) => {
    await begin(peer);
    const frames = Array.from({ length: 1 + random.below(50) }, () => Buffer.of(1, 3, 120, 120, 120));
    await peer.write(Buffer.concat(frames));
  },
  'after a read': async (peer, { address }) => {
    await begin(peer);
    await peer.write(request(json('GetTip', { input: address })));
  },
  'after bulk reads': async (peer, { address }, random) => {
    await begin(peer);
    const range = { input: [{ address, from: 0, to: 2 }] };
    const all = [json('GetAllTips'), json('GetDeltas', range), json('GetAllAddrs')];
    await peer.write(
      Buffer.concat(Array.from({ length: 1 + random.below(5) }, () => request(random.pick(all)))),
    );
  },
  'after writes that change nothing': async (peer) => {
    await begin(peer);
    await peer.write(request(json('RemoveContract', { address: 'ab'.repeat(32) })));
  },
  'while its task runs': async (peer, { task }) => {
    await begin(peer);
    await peer.write(request(await task()));
  },
  'while its tasks wait': async (peer, { task }, random) => {
    await begin(peer);
    const tasks = await Promise.all(Array.from({ length: 2 + random.below(3) }, task));
    await peer.write(Buffer.concat(tasks.map(request)));
  },
  'with replies unread': async (peer, { address }, random) => {
    await begin(peer);
    const one = request(json('GetContract', { input: address }));
    // More than the buffers of the system take, so that replies stay with the core.
    await peer.write(Buffer.concat(Array.from({ length: 500 + random.below(1500) }, () => one)));
    await new Promise((resolve) => setTimeout(resolve, random.below(40)));
  },
  'in a conversation': async (peer, { address }, random) => {
    peer.read();
    await begin(peer);
    const one = request(json('GetTip', { input: address }));
    await peer.write(Buffer.concat([one, ping(), one, part(one, random)]));
    await peer.messages(1 + random.below(2), 2_000);
  },
};

/** Sends peers, some at a time, until all have come and vanished. */
async function send(peers: number, from: number, one: (at: number) => Promise<void>): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: TOGETHER }, async () => {
      while (next < from + peers) await one(next++);
    }),
  );
}

/** What is in hand must be let go of, however its peer went. */
const PENDING = [
  'enigma_tasks_pending',
  'enigma_tasks_waiting',
  'enigma_writes_pending',
  'enigma_reads_pending',
  'enigma_jobs_queued',
  'enigma_jobs_running',
];

async function pending(core: CoreProcess): Promise<number> {
  const figures = await core.figures();
  return PENDING.reduce((sum, name) => sum + figures.value(name), 0);
}

interface Measured {
  readonly memory: number;
  readonly descriptors: number;
}

/** Waits until nothing is in hand and no descriptor more than before is open, and measures. */
async function settled(core: CoreProcess, before?: Measured): Promise<Measured> {
  await expect.poll(() => pending(core), { timeout: 30_000 }).toBe(0);
  // One is that of the connection which asks for the metrics.
  if (before !== undefined)
    await expect
      .poll(() => core.descriptors(), { timeout: 30_000 })
      .toBeLessThanOrEqual(before.descriptors + 1);
  return { memory: core.memory(), descriptors: core.descriptors() };
}

function report(what: string, peers: number, since: number, before: Measured, after: Measured): void {
  const seconds = ((performance.now() - since) / 1000).toFixed(0);
  const ratio = (after.memory / before.memory).toFixed(3);
  const memory = `${before.memory.toFixed(0)} -> ${after.memory.toFixed(0)} MB (${ratio})`;
  const descriptors = `${before.descriptors} -> ${after.descriptors}`;
  summary(`${count(peers)} ${what} in ${seconds} s: resident ${memory}, descriptors ${descriptors}`);
}

describe('nothing is left of peers that vanish', () => {
  it(`at every stage of a request (${PEERS} peers)`, async () => {
    const dataDir = world.folder();
    const core = await CoreProcess.start(dataDir, { http: { port: 0 } });
    world.onClose(() => core.end());
    const { endpoint } = core;
    const client = world.client(endpoint);
    const contract = await world.deployed(client);
    const task = async (): Promise<string> => {
      const args = Buffer.alloc(8);
      args.writeBigInt64LE(1_000_000n);
      const { input } = await prepare(client, { address: contract, fn: 'loop()', args, gasLimit: 1n << 40n });
      return Buffer.from(encodeRequest('ComputeTask', 'gone', { input })).toString();
    };
    const target: Target = { endpoint, address: toHex(contract), task };
    const stored = await dump(dataDir);
    const stages = Object.values(STAGES);
    const one = async (at: number): Promise<void> => {
      const random = new Random(at);
      const peer = await ZmtpPeer.connect(endpoint, `127.0.0.${2 + (at % 200)}`);
      await stages[at % stages.length]!(peer, target, random);
      if (random.chance(0.7)) await moment(random);
      peer.vanish(random.chance(0.5) ? 'close' : 'reset');
    };

    const empty = await settled(core);
    const since = performance.now();
    const warm = Math.ceil(PEERS / 2);
    await send(warm, 0, one);
    const before = await settled(core, empty);
    await send(PEERS - warm, warm, one);
    const after = await settled(core, empty);

    report('peers vanished at every stage', PEERS, since, before, after);
    // They were heard, too.
    const figures = await core.figures();
    for (const type of ['GetTip', 'GetContract', 'GetDeltas', 'RemoveContract', 'ComputeTask'])
      expect(figures.value(`enigma_requests_total{type="${type}",outcome="result"}`), type).toBeGreaterThan(
        0,
      );
    expect(after.memory).toBeLessThan(before.memory * GROWTH);
    expect((await client.getTip({ input: contract })).key).toBe(0);
    expect(await dump(dataDir)).toBe(stored);
    expect(core.bugs).toEqual([]);
  });

  it(`of encrypted connections, with a key and without (${CURVE_PEERS} peers)`, async () => {
    const [server, friend, stranger] = [curveKeyPair(), curveKeyPair(), curveKeyPair()];
    const curve = { secretKey: server.secretKey, allowedClients: [friend.publicKey] };
    const core = await CoreProcess.start(world.folder(), { http: { port: 0 }, curve });
    world.onClose(() => core.end());
    const { endpoint } = core;
    const client = world.client(endpoint, { curve: { ...friend, serverPublicKey: server.publicKey } });
    const contract = await world.deployed(client);
    const one = async (at: number): Promise<void> => {
      const random = new Random(at);
      if (random.chance(0.3)) {
        const peer = await ZmtpPeer.connect(endpoint, `127.0.0.${2 + (at % 200)}`);
        await peer.write(part(Buffer.concat([greeting(), ready(), request(json('GetAllTips'))]), random));
        await moment(random);
        peer.vanish(random.chance(0.5) ? 'close' : 'reset');
        return;
      }
      const { publicKey, secretKey } = random.chance(0.2) ? stranger : friend;
      const options = {
        curveServerKey: server.publicKey,
        curvePublicKey: publicKey,
        curveSecretKey: secretKey,
      };
      const peer = new Dealer({ linger: 20, sendTimeout: 0, receiveTimeout: 200, ...options });
      peer.connect(endpoint);
      const all = [json('GetTip', { input: toHex(contract) }), json('GetAllTips')];
      // Who was turned away in the meantime has nobody to send to.
      for (let left = 1 + random.below(5); left > 0; left--)
        await peer.send(['', random.pick(all)]).catch(() => undefined);
      if (random.chance(0.3)) await peer.receive().catch(() => undefined);
      else await moment(random);
      peer.close();
    };

    const empty = await settled(core);
    const since = performance.now();
    const warm = Math.ceil(CURVE_PEERS / 2);
    await send(warm, 0, one);
    const before = await settled(core, empty);
    await send(CURVE_PEERS - warm, warm, one);
    const after = await settled(core, empty);

    report('encrypted peers vanished', CURVE_PEERS, since, before, after);
    expect(after.memory).toBeLessThan(before.memory * GROWTH);
    expect((await client.getTip({ input: contract })).key).toBe(0);
    expect(core.bugs).toEqual([]);
  });
});
