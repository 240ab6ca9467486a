import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { withPrivateFiles } from '#ipc/bind-errors.js';
import { IpcError } from '#ipc/errors.js';
import { encodeCommand } from '#ipc/zmtp/frames.js';
import { greeting } from '#ipc/zmtp/handshake.js';
import type { Server } from '#ipc/server.js';
import { afterEach, describe, expect, it } from 'vitest';
import { curveKeyPair, Dealer, Request, type SocketOptions } from 'zeromq';
import { Door, LIMITS, serve } from './helpers.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const resource of opened.splice(0).reverse()) await resource.close();
});

async function start(options: Parameters<typeof serve>[0] = {}, door = new Door()): Promise<Server> {
  const server = await serve(options, door);
  opened.push(server);
  return server;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'enigma-ipc-'));
  opened.push({ close: () => rmSync(path, { recursive: true }) });
  return path;
}

function request(server: Server, options: SocketOptions<Request> = {}): Request {
  const socket = new Request({ linger: 0, receiveTimeout: 20_000, ...options });
  socket.connect(server.endpoint);
  opened.push(socket);
  return socket;
}

function dealer(server: Server, options: SocketOptions<Dealer> = {}): Dealer {
  const socket = new Dealer({ linger: 0, receiveTimeout: 20_000, ...options });
  socket.connect(server.endpoint);
  opened.push(socket);
  return socket;
}

async function call(socket: Request, ...parts: string[]): Promise<string[]> {
  await socket.send(parts);
  return (await socket.receive()).map(String);
}

const texts = (frames: Buffer[]): string[] => frames.map(String);
const portOf = ({ endpoint }: Server): number => Number(endpoint.split(':').at(-1));
const dealerReady = encodeCommand('READY', Buffer.from('\vSocket-Type\0\0\0\x06DEALER', 'latin1'));

/** A peer that is not at it at once gets the reply to a task that was under way when the server was closed. */
async function expectLastReply(server: Server, options: SocketOptions<Dealer> = {}): Promise<void> {
  const socket = dealer(server, { ...options, immediate: true });
  await socket.send(['', 'task x 1']);
  while (server.stats().tasks === 0) await new Promise(setImmediate);
  const closed = server.close();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(texts(await socket.receive())).toEqual(['', 'done x 1']);
  await closed;
}

describe('the REP contract', () => {
  it('answers REQ peers, one after the other', async () => {
    const socket = request(await start());
    for (const word of ['a', 'b', 'c']) expect(await call(socket, `echo ${word}`)).toEqual([word]);
  });

  it('answers each part of a message with one part, in order, whatever it is', async () => {
    const socket = request(await start());
    const parts = ['echo a', 'task x 20', '', 'nonsense', 'write 5', 'echo b'];
    expect(await call(socket, ...parts)).toEqual(['a', 'done x 20', '? ', '? nonsense', 'written', 'b']);
  });

  it('answers an empty frame', async () => {
    const socket = request(await start());
    expect(await call(socket, '')).toEqual(['? ']);
    expect(await call(socket, 'echo a')).toEqual(['a']);
  });

  it('serves DEALER peers that pipeline, reads before tasks', async () => {
    const door = new Door();
    const socket = dealer(await start({}, door));
    await socket.send(['', 'task x door']);
    await socket.send(['', 'echo a']);
    expect(texts(await socket.receive())).toEqual(['', 'a']);
    door.open();
    expect(texts(await socket.receive())).toEqual(['', 'done x door']);
  });

  it('returns the envelope of a peer that correlates', async () => {
    const socket = dealer(await start());
    await socket.send(['17', '', 'echo a']);
    expect(texts(await socket.receive())).toEqual(['17', '', 'a']);
    const correlated = request(await start(), { correlate: true, relaxed: true });
    expect(await call(correlated, 'echo b')).toEqual(['b']);
  });

  it('tells a peer that forgets the delimiter', async () => {
    const socket = dealer(await start());
    await socket.send(['echo a', 'echo b']);
    const reply = texts(await socket.receive());
    expect(reply).toHaveLength(2);
    expect(reply[0]).toContain('empty frame');
    await socket.send(['']);
    expect(texts(await socket.receive())).toEqual(['', '? ']);
  });

  it('answers every request of a message with too many, and bounds the replies of one message', async () => {
    const socket = request(await start());
    const many = await call(socket, ...Array.from({ length: LIMITS.parts + 1 }, () => 'echo a'));
    expect(many).toHaveLength(LIMITS.parts + 1);
    expect(new Set(many).size).toBe(1);
    expect(many[0]).toContain('at most 100');
    const large = await call(socket, 'big 2000000', 'echo a');
    expect(large.map((part) => part.length > 1000)).toEqual([true, false]);
    expect(large[1]).toContain('exceed');
  });

  it('answers parts that are too long, alone or together, and those beside them', async () => {
    const socket = request(await start({ maxFrameBytes: 1000 }));
    const tooLong = '! message: expected at most 1000 bytes, got more';
    expect(await call(socket, 'x'.repeat(2000))).toEqual([tooLong]);
    expect(await call(socket, 'echo a', 'x'.repeat(10_000), 'echo b')).toEqual(['a', tooLong, 'b']);
    const parts = await call(socket, `echo ${'a'.repeat(600)}`, `echo ${'b'.repeat(600)}`, 'echo c');
    expect(parts.map((part) => part.slice(0, 2))).toEqual(['aa', '! ', 'c']);
  });

  it('disconnects a peer whose message is far too long, and goes on with the others', async () => {
    const server = await start({ maxFrameBytes: 1000 });
    const hostile = dealer(server, { receiveTimeout: 300, reconnectInterval: -1 });
    await hostile.send(['', 'x'.repeat(20_000)]);
    await expect(hostile.receive()).rejects.toThrow();
    expect(await call(request(server), 'echo a')).toEqual(['a']);
  });

  it('gives a peer that reads slowly every reply, and does no more for it than it reads', async () => {
    const server = await start({ outboundBytes: 1 << 24, heldBytes: 1 << 25 });
    const socket = dealer(server, { receiveHighWaterMark: 2, receiveTimeout: 10_000 });
    const count = 150;
    for (let i = 0; i < count; i++) await socket.send([`${i}`, '', 'big 500000']);
    for (let i = 0; i < count; i++) {
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const [number, , reply] = await socket.receive();
      expect([String(number), reply?.length]).toEqual([`${i}`, 500_000]);
    }
  });

  it('takes a message of the longest size, whatever all peers together may have', async () => {
    const socket = request(await start({ maxFrameBytes: 1 << 22, heldBytes: 1 << 20 }));
    expect((await call(socket, `echo ${'a'.repeat(3_000_000)}`))[0]).toHaveLength(3_000_000);
  });

  it('holds no more for all peers together than its bound, and costs only who holds most', async () => {
    const server = await start({ maxFrameBytes: 1 << 22, heldBytes: 1 << 22 });
    const [small, large] = [connectTcp(portOf(server), '127.0.0.1'), connectTcp(portOf(server), '127.0.0.1')];
    const isEnded = new Promise((resolve) => large.on('close', resolve).on('error', () => undefined));
    for (const [socket, bytes] of [
      [small, 2_000_000],
      [large, 2_500_000],
    ] as const) {
      opened.push({ close: () => socket.destroy() });
      const header = Buffer.from([2, 0, 0, 0, 0, 0, 0x40, 0, 0]);
      socket.write(Buffer.concat([greeting(), dealerReady, header, Buffer.alloc(bytes)]));
    }
    await isEnded;
    expect(small.destroyed).toBe(false);
    expect(await call(request(server), 'echo a')).toEqual(['a']);
  });
});

describe('many peers', () => {
  it('keeps tasks of one contract in order and those of others apart', async () => {
    const door = new Door();
    const socket = dealer(await start({}, door));
    for (const word of ['task x door', 'task x 1', 'task y 10']) await socket.send(['', word]);
    const order = [texts(await socket.receive())[1]];
    door.open();
    for (let i = 0; i < 2; i++) order.push(texts(await socket.receive())[1]);
    expect(order).toEqual(['done y 10', 'done x door', 'done x 1']);
  });

  it('says busy beyond its bounds, and answers everything', async () => {
    const door = new Door();
    const server = await start({}, door);
    const socket = dealer(server);
    for (let i = 0; i < 6; i++) await socket.send(['', 'task x door']);
    for (let i = 0; i < 2; i++) expect(texts(await socket.receive())[1]).toContain('busy');
    door.open();
    for (let i = 0; i < 4; i++) expect(texts(await socket.receive())[1]).toBe('done x door');
    expect(server.stats()).toEqual({ tasks: 0, waiting: 0, writes: 0, reads: 0, refused: 2 });
  });

  it('counts each request of a message that is refused', async () => {
    const door = new Door();
    const server = await start({}, door);
    const socket = dealer(server);
    for (let i = 0; i < 5; i++) await socket.send(['', 'task x door', 'echo a']);
    const [, ...replies] = texts(await socket.receive());
    expect(replies).toEqual([expect.stringContaining('busy'), expect.stringContaining('busy')]);
    expect(server.stats().refused).toBe(2);
    door.open();
    for (let i = 0; i < 4; i++) expect(texts(await socket.receive())).toEqual(['', 'done x door', 'a']);
  });

  it('counts what stands before a request among what the peer has in hand', async () => {
    const door = new Door();
    const socket = dealer(await start({}, door));
    for (let i = 0; i < 3; i++)
      await socket.send(['x'.repeat(LIMITS.pendingBytes / 8 + 1), '', 'task x door']);
    for (let i = 0; i < 2; i++) expect(texts(await socket.receive())[2]).toContain('busy');
    door.open();
    expect(texts(await socket.receive())[2]).toBe('done x door');
  });

  it('begins nothing more for a peer that is gone', async () => {
    const door = new Door();
    const server = await start({ limits: { ...LIMITS, pending: 4 } }, door);
    const vanishing = dealer(server);
    for (let i = 0; i < 4; i++) await vanishing.send(['', 'task x door']);
    while (server.stats().tasks < 4) await new Promise(setImmediate);
    vanishing.close();
    while (server.stats().waiting > 0) await new Promise(setImmediate);
    expect(server.stats()).toMatchObject({ tasks: 1, refused: 0 });
    expect(await call(request(server), 'task y 1')).toEqual(['done y 1']);
    door.open();
  });

  it('begins none of the other requests of a message whose peer is gone', async () => {
    const server = await start();
    const vanishing = dealer(server);
    await vanishing.send(['', 'task x 1000', ...Array.from({ length: 20 }, () => 'task x 500')]);
    while (server.stats().tasks === 0) await new Promise(setImmediate);
    vanishing.close();
    while (server.stats().tasks > 0) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.stats().tasks).toBe(0);
  });

  it('lets the writes of one peer, which may wait for a contract, keep no other from writing', async () => {
    const door = new Door();
    const server = await start({}, door);
    const waiting = dealer(server);
    for (let i = 0; i < LIMITS.running; i++) await waiting.send(['', 'write door']);
    while (server.stats().writes < LIMITS.running) await new Promise(setImmediate);
    expect(await call(request(server), 'write 1')).toEqual(['written']);
    door.open();
    for (let i = 0; i < LIMITS.running; i++) expect(texts(await waiting.receive())[1]).toBe('written');
  });

  it('takes in requests of a modest peer while others have filled the queue', async () => {
    const door = new Door();
    const server = await start({ limits: { ...LIMITS, running: 1 } }, door);
    const greedy = [dealer(server), dealer(server)];
    for (const socket of greedy)
      for (let i = 0; i < LIMITS.pendingPerPeer; i++) await socket.send(['', 'task x door']);
    while (server.stats().tasks < LIMITS.pending) await new Promise(setImmediate);
    const modest = call(request(server), 'task y 1');
    while (server.stats().refused === 0) await new Promise(setImmediate);
    door.open();
    expect(await modest).toEqual(['done y 1']);
    const replies: string[] = [];
    for (const socket of greedy)
      for (let i = 0; i < LIMITS.pendingPerPeer; i++) replies.push(texts(await socket.receive())[1] ?? '');
    expect(replies.filter((reply) => reply.includes('busy'))).toHaveLength(1);
  });

  it('forgets peers that vanish with work in hand', async () => {
    const server = await start();
    for (let i = 0; i < 20; i++) {
      const socket = dealer(server);
      await socket.send(['', 'task x 10']);
      await socket.send(['', 'echo a']);
      await socket.receive();
      socket.close();
    }
    const survivor = request(server);
    expect(await call(survivor, 'echo a')).toEqual(['a']);
    while (server.stats().tasks > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await call(survivor, 'task x 1')).toEqual(['done x 1']);
  });

  it('lets a peer that reads nothing cost nobody anything', async () => {
    const server = await start({ outboundBytes: 1 << 16 });
    const slow = dealer(server, { receiveHighWaterMark: 1, receiveBufferSize: 4096 });
    for (let i = 0; i < 300; i++) await slow.send(['', 'big 100000']);
    const quick = request(server);
    for (let i = 0; i < 20; i++) expect(await call(quick, 'echo a')).toEqual(['a']);
  });

  it('survives noise on its port', async () => {
    const server = await start();
    const port = portOf(server);
    for (const noise of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(5000, 0xff), '']) {
      await new Promise<void>((resolve) => {
        const tcp = connectTcp(port, '127.0.0.1', () => tcp.resume().end(noise));
        tcp.on('close', () => resolve()).on('error', () => undefined);
      });
    }
    expect(await call(request(server), 'echo a')).toEqual(['a']);
  });
});

describe('stopping', () => {
  it('ends and answers what was accepted, and refuses what comes after', async () => {
    const door = new Door();
    const server = await start({ stopTimeout: 20_000 }, door);
    const socket = dealer(server);
    await socket.send(['', 'task x door']);
    await socket.send(['', 'echo a']);
    await socket.receive();
    const closed = server.close();
    await socket.send(['', 'task y 1']);
    expect(texts(await socket.receive())[1]).toContain('stopping');
    door.open();
    expect(texts(await socket.receive())).toEqual(['', 'done x door']);
    await closed;
    await server.close();
  });

  it('lets a peer take its last replies in which is not at it at once', async () => {
    await expectLastReply(await start());
  });

  it('answers messages of several requests that were accepted, too', async () => {
    const door = new Door();
    const server = await start({ stopTimeout: 20_000 }, door);
    const socket = dealer(server);
    await socket.send(['', 'task x door', 'big 10', 'task x 1']);
    while (server.stats().tasks === 0) await new Promise(setImmediate);
    const closed = server.close();
    door.open();
    const [, first, second, third] = texts(await socket.receive());
    expect([first, second]).toEqual(['done x door', 'xxxxxxxxxx']);
    expect(third).toContain('stopping');
    await closed;
  });

  it('refuses what was not begun in time, and has what was begun given up', async () => {
    const door = new Door();
    const server = await start({ stopTimeout: 50, giveUp: () => Promise.resolve(door.open()) }, door);
    const socket = dealer(server);
    for (const word of ['task x door', 'task x 1']) await socket.send(['', word]);
    while (server.stats().tasks < 2) await new Promise(setImmediate);
    const closed = server.close();
    expect(texts(await socket.receive())[1]).toContain('the worker is stopping');
    expect(texts(await socket.receive())[1]).toBe('done x door');
    await closed;
  });

  it('answers in bounded time even what does not end', async () => {
    const server = await start({ stopTimeout: 50 });
    const socket = dealer(server);
    // Nobody opens the door.
    await socket.send(['', 'task x door']);
    await socket.send(['', 'echo a']);
    await socket.receive();
    const closed = server.close();
    expect(texts(await socket.receive())[1]).toContain('stopping');
    await closed;
  });
});

describe('binding', () => {
  it.each([
    ['tcp://0.0.0.0:*', 'INSECURE_BIND'],
    ['tcp://*:5552', 'INSECURE_BIND'],
    ['tcp://example.org:5552', 'INSECURE_BIND'],
    ['udp://127.0.0.1:1', 'BAD_ENDPOINT'],
    ['tcp://127.0.0.1', 'BAD_ENDPOINT'],
    ['tcp://127.0.0.1:70000', 'BAD_ENDPOINT'],
    ['ipc://', 'BAD_ENDPOINT'],
    ['ipc:///nowhere/at/all', 'BAD_ENDPOINT'],
    ['ipc://@abstract', 'BAD_ENDPOINT'],
    ['ipc://*', 'BAD_ENDPOINT'],
  ])('refuses %s', async (bind, code) => {
    await expect(serve({ bind })).rejects.toSatisfy(
      (error) => error instanceof IpcError && error.code === code,
    );
  });

  it('binds beyond loopback when that is asked expressly', async () => {
    const server = await start({ bind: 'tcp://0.0.0.0:*', insecureBind: true });
    expect(server.endpoint).toMatch(/^tcp:\/\/0\.0\.0\.0:\d+$/);
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  );
  const loopback = ['tcp://localhost:*', 'tcp://127.0.0.1:0', ...(hasIpv6 ? ['tcp://[::1]:*'] : [])];
  it.each(loopback)('binds to %s', async (bind) => {
    const server = await start({ bind });
    expect(server.endpoint).toMatch(/^tcp:\/\/(127\.0\.0\.1|\[::1\]):[1-9]\d*$/);
    expect(await call(request(server, { ipv6: true }), 'echo a')).toEqual(['a']);
  });

  it('says that a port is taken', async () => {
    const { endpoint } = await start();
    await expect(serve({ bind: endpoint })).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
  });

  it('serves ipc:// to its own user only, and takes over no living server', async () => {
    const bind = `ipc://${join(folder(), 'core.sock')}`;
    const server = await start({ bind });
    expect(statSync(bind.slice('ipc://'.length)).mode & 0o777).toBe(0o600);
    expect(await call(request(server), 'echo a')).toEqual(['a']);
    await expect(serve({ bind })).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
  });

  it('leaves the mask of new files as it was when several bind at one time', async () => {
    const mask = process.umask();
    const [one, other] = [new Door(), new Door()];
    const bound = [one, other].map(({ opened }) => withPrivateFiles(() => opened));
    try {
      one.open();
      await bound[0];
      other.open();
      await bound[1];
      expect(process.umask()).toBe(mask);
    } finally {
      process.umask(mask);
    }
  });

  it('removes no file that is not a socket', async () => {
    const file = join(folder(), 'precious');
    writeFileSync(file, 'data');
    await expect(serve({ bind: `ipc://${file}` })).rejects.toMatchObject({ code: 'BAD_ENDPOINT' });
    expect(statSync(file).size).toBe(4);
  });
});

describe('CURVE', () => {
  const keys = curveKeyPair();
  const allowed = curveKeyPair();
  const stranger = curveKeyPair();
  const curve = { secretKey: keys.secretKey, allowedClients: [allowed.publicKey] };
  const as = (pair: typeof keys, serverKey = keys.publicKey): SocketOptions<Request> => ({
    curveServerKey: serverKey,
    curvePublicKey: pair.publicKey,
    curveSecretKey: pair.secretKey,
  });
  /** For those who get no answer. */
  const briefly = { receiveTimeout: 400, sendTimeout: 400 };

  it('serves an allowed key beyond loopback, and nobody else anything', async () => {
    const server = await start({ bind: 'tcp://0.0.0.0:*', curve });
    const local = { endpoint: server.endpoint.replace('0.0.0.0', '127.0.0.1') } as Server;
    expect(await call(request(local, as(allowed)), 'echo a')).toEqual(['a']);
    for (const options of [as(stranger), as(allowed, stranger.publicKey), {}]) {
      const outsider = request(local, { ...options, ...briefly });
      await expect(call(outsider, 'echo a')).rejects.toThrow();
    }
    expect(await call(request(local, as(allowed)), 'echo b')).toEqual(['b']);
  });

  it('keeps the allow-lists of two workers in one process apart', async () => {
    const one = await start({ curve });
    const other = await start({ curve: { ...curve, allowedClients: [stranger.publicKey] } });
    expect(await call(request(other, as(stranger)), 'echo a')).toEqual(['a']);
    await expect(call(request(one, { ...as(stranger), ...briefly }), 'echo a')).rejects.toThrow();
  });

  it('lets a peer that reads nothing cost the others nothing', async () => {
    const server = await start({ curve, outboundBytes: 1 << 20 });
    const slow = dealer(server, { ...as(allowed), receiveHighWaterMark: 1, receiveBufferSize: 4096 });
    for (let i = 0; i < 1_000; i++) await slow.send(['', 'big 20000']);
    const quick = request(server, as(allowed));
    for (let i = 0; i < 20; i++) expect(await call(quick, 'echo a')).toEqual(['a']);
  });

  it('serves ipc:// as well', async () => {
    const bind = `ipc://${join(folder(), 'curve.sock')}`;
    const server = await start({ curve, bind });
    expect(statSync(bind.slice('ipc://'.length)).mode & 0o777).toBe(0o600);
    expect(await call(request(server, as(allowed)), 'echo a')).toEqual(['a']);
    await expect(serve({ curve, bind })).rejects.toMatchObject({ code: 'ENDPOINT_IN_USE' });
  });

  it('lets a peer take its last replies in which is not at it at once', async () => {
    await expectLastReply(await start({ curve }), as(allowed));
  });

  it.runIf(existsSync('/proc/net/tcp'))(
    'has the system ask whether a silent peer is still there',
    async () => {
      const KEEP_ALIVE_TIMER = '02';
      const plain = await start();
      const encrypted = await start({ curve });
      for (const [server, options] of [[plain, {}] as const, [encrypted, as(allowed)] as const]) {
        expect(await call(request(server, options), 'echo a')).toEqual(['a']);
        const port = portOf(server).toString(16).toUpperCase().padStart(4, '0');
        // A socket's own address, the peer's, its state, its queues, its timer.
        const connection = new RegExp(`: 0100007F:${port} 0100007F:\\w+ 01 \\w+:\\w+ (\\w+):`);
        await expect
          .poll(() => connection.exec(readFileSync('/proc/net/tcp', 'utf8'))?.[1], { timeout: 20_000 })
          .toBe(KEEP_ALIVE_TIMER);
      }
    },
  );

  it('refuses a malformed key', async () => {
    // Five digits that stand for more than four bytes can hold.
    await expect(serve({ curve: { ...curve, secretKey: '#'.repeat(40) } })).rejects.toMatchObject({
      code: 'BAD_CURVE_KEY',
    });
    await expect(serve({ curve: { ...curve, secretKey: 'short' } })).rejects.toMatchObject({
      code: 'BAD_CURVE_KEY',
    });
    await expect(serve({ curve: { ...curve, allowedClients: ['x'] } })).rejects.toMatchObject({
      code: 'BAD_CURVE_KEY',
    });
  });
});
