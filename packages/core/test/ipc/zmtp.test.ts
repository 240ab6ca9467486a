import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeCommand, encodeMessage, FrameError, FrameReader } from '#ipc/zmtp/frames.js';
import { greeting, ready } from '#ipc/zmtp/handshake.js';
import { TOO_LONG } from '#ipc/transport.js';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Dealer, Request, Subscriber } from 'zeromq';
import { serve } from './helpers.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const resource of opened.splice(0).reverse()) await resource.close();
});

async function start(options: Parameters<typeof serve>[0] = {}) {
  const server = await serve(options);
  opened.push(server);
  return server;
}

/** Reads all frames that are there. */
function drain(reader: FrameReader): { body: string; more: boolean; isCommand: boolean }[] {
  const frames = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    frames.push({ ...frame, body: frame.body.toString('hex') });
  }
  return frames;
}

describe('frames', () => {
  it('are written as RFC 23 says', () => {
    expect(Buffer.concat(encodeMessage([Buffer.from('')])).toString('hex')).toBe('0000');
    expect(Buffer.concat(encodeMessage([Buffer.from('a'), Buffer.from('bc')])).toString('hex')).toBe(
      '01016100026263',
    );
    expect(
      Buffer.concat(encodeMessage([Buffer.alloc(256)]))
        .toString('hex')
        .slice(0, 20),
    ).toBe('02000000000000010000');
    expect(encodeCommand('PONG', Buffer.from('x')).toString('hex')).toBe('040604504f4e4778');
  });

  it('survive any way of being cut into chunks', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(bodies, { maxLength: 5 }),
        fc.array(fc.nat(300), { maxLength: 40 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.flatMap((message) => encodeMessage(message)));
          const reader = new FrameReader(1000);
          const frames = [];
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            reader.push(stream.subarray(at, at + cut));
            at = Math.min(stream.length, at + cut);
            frames.push(...drain(reader));
          }
          expect(frames).toEqual(
            messages.flatMap((message) =>
              message.map((body, i) => ({
                isCommand: false,
                more: i < message.length - 1,
                body: Buffer.from(body).toString('hex'),
              })),
            ),
          );
        },
      ),
    );
  });

  it('large and small may follow each other', () => {
    const message = [Buffer.alloc(20_000, 1), Buffer.alloc(3, 2), Buffer.alloc(70_000, 3), Buffer.alloc(0)];
    const reader = new FrameReader(100_000);
    reader.push(Buffer.concat(encodeMessage(message)));
    expect(drain(reader).map(({ body }) => body)).toEqual(message.map((body) => body.toString('hex')));
  });

  it('keep nothing in memory of what came beside them', () => {
    const reader = new FrameReader(1 << 20);
    const noise = encodeCommand('NOISE', Buffer.alloc(60_000));
    const [small, large, empty] = [Buffer.of(1), Buffer.alloc(100_000, 2), Buffer.alloc(0)];
    const stream = Buffer.concat([...encodeMessage([small, large, empty, small]), noise]);
    // As a socket gives it: the large one begins in one chunk and ends in another, which goes on.
    for (const [from, to] of [
      [0, 50_000],
      [50_000, stream.length],
    ]) {
      reader.push(Buffer.from(new Uint8Array(stream.subarray(from, to))));
    }
    const kept = [reader.next()!, reader.next()!, reader.next()!];
    expect(kept.map(({ body }) => body)).toEqual([small, large, empty]);
    expect(kept.map(({ body }) => body.buffer.byteLength)).toEqual([1, 100_000, 0]);
  });

  it('pass over what is longer than the limit, and go on', () => {
    const stream = Buffer.concat(encodeMessage([Buffer.alloc(1600, 1), Buffer.alloc(101, 2), Buffer.of(3)]));
    for (const step of [1, 7, stream.length]) {
      const reader = new FrameReader(100);
      const frames = [];
      for (let at = 0; at < stream.length; at += step) {
        reader.push(stream.subarray(at, at + step));
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
        expect(reader.length).toBeLessThan(100 + step);
      }
      expect(frames.map(({ body, more }) => [body === TOO_LONG, body.at(-1), more])).toEqual([
        [true, 0, true],
        [true, 0, true],
        [false, 3, false],
      ]);
    }
  });

  it.each([
    ['reserved flags', '0800'],
    ['far more than the limit', '02000000000000064100'],
    ['a command of more than the limit', '06000000000000006500'],
    ['a length beyond all numbers', '02ffffffffffffffff'],
  ])('are refused: %s', (_, hex) => {
    const reader = new FrameReader(100);
    reader.push(Buffer.from(hex, 'hex'));
    expect(() => reader.next()).toThrow(FrameError);
  });
});

describe('connections', () => {
  /** A peer made by hand: what it is told until the other side ends. */
  function peer(endpoint: string): { socket: Socket; ended: Promise<Buffer> } {
    const socket = connect(Number(endpoint.split(':').at(-1)), '127.0.0.1');
    const chunks: Buffer[] = [];
    const ended = new Promise<Buffer>((resolve) => {
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', () => undefined).on('close', () => resolve(Buffer.concat(chunks)));
    });
    opened.push({ close: () => socket.destroy() });
    return { socket, ended };
  }
  const property = (name: string, value: string): Buffer =>
    Buffer.concat([
      Buffer.of(name.length),
      Buffer.from(name),
      Buffer.of(0, 0, 0, value.length),
      Buffer.from(value),
    ]);
  const request = Buffer.concat(encodeMessage([Buffer.alloc(0), Buffer.from('echo a')]));
  const dealerReady = encodeCommand('READY', property('socket-type', 'DEALER'));

  it('work byte by byte', async () => {
    const { socket, ended } = peer((await start()).endpoint);
    for (const byte of Buffer.concat([greeting(), dealerReady, request])) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
    const reply = Buffer.concat(encodeMessage([Buffer.alloc(0), Buffer.from('a')]));
    expect((await ended).toString('hex')).toBe(Buffer.concat([greeting(), ready(), reply]).toString('hex'));
  });

  const curve = greeting();
  curve.write('CURVE', 12);
  const old = greeting();
  old[10] = 1;
  it.each([
    ['HTTP', Buffer.from(`GET / HTTP/1.1\r\nHost: ${'x'.repeat(100)}\r\n\r\n`)],
    ['another mechanism', curve],
    ['an older version', old],
    ['no socket type', Buffer.concat([greeting(), encodeCommand('READY', Buffer.alloc(0))])],
    ['a publisher', Buffer.concat([greeting(), encodeCommand('READY', property('Socket-Type', 'PUB'))])],
    ['a cut property', Buffer.concat([greeting(), encodeCommand('READY', Buffer.of(9, 1))])],
    ['another command', Buffer.concat([greeting(), encodeCommand('HELLO', Buffer.alloc(0))])],
    ['a message first', Buffer.concat([greeting(), request])],
    [
      'a frame beyond the limit',
      Buffer.concat([greeting(), dealerReady, Buffer.from('02000000000ffffffff0', 'hex')]),
    ],
  ])('are ended for %s, and others go on', async (_, bytes) => {
    const { endpoint } = await start();
    const { socket, ended } = peer(endpoint);
    socket.write(bytes);
    await ended;
    const other = new Request({ linger: 0, receiveTimeout: 20_000 });
    opened.push(other);
    other.connect(endpoint);
    await other.send('echo b');
    expect(String((await other.receive())[0])).toBe('b');
  });

  it.each([
    ['ends', Buffer.alloc(0)],
    ['breaks the protocol', Buffer.from('ff', 'hex')],
  ])('answer all that was asked before the peer %s', async (_, last) => {
    const { socket, ended } = peer((await start()).endpoint);
    const requests = Array.from({ length: 300 }, () => request);
    socket.end(Buffer.concat([greeting(), dealerReady, ...requests, last, last]));
    const reply = Buffer.concat(encodeMessage([Buffer.alloc(0), Buffer.from('a')]));
    const told = (await ended).subarray(Buffer.concat([greeting(), ready()]).length);
    expect(told.length).toBe(300 * reply.length);
  });

  it('answer heartbeats and ignore commands they do not know', async () => {
    const { socket, ended } = peer((await start()).endpoint);
    const ping = encodeCommand('PING', Buffer.from([0, 10, 7, 8, 9]));
    socket.end(Buffer.concat([greeting(), dealerReady, encodeCommand('WHAT', Buffer.alloc(3)), ping]));
    const told = (await ended).subarray(Buffer.concat([greeting(), ready()]).length);
    expect(told.toString('hex')).toBe(encodeCommand('PONG', Buffer.of(7, 8, 9)).toString('hex'));
  });

  it('stay alive with a libzmq peer that demands heartbeats, and take none from a subscriber', async () => {
    const { endpoint } = await start();
    const dealer = new Dealer({
      linger: 0,
      receiveTimeout: 20_000,
      heartbeatInterval: 50,
      // A busy machine may give the server no turn for a while.
      heartbeatTimeout: 1_500,
    });
    const subscriber = new Subscriber({ linger: 0, receiveTimeout: 100 });
    opened.push(dealer, subscriber);
    dealer.connect(endpoint);
    subscriber.connect(endpoint);
    subscriber.subscribe('');
    await expect(subscriber.receive()).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await dealer.send(['', 'echo still here']);
    expect((await dealer.receive()).map(String)).toEqual(['', 'still here']);
  });

  it('are ended for messages beyond what all may hold, even if they come frame by frame', async () => {
    const { endpoint } = await start({ maxFrameBytes: 2_000_000, heldBytes: 2_000_000 });
    const peers = [peer(endpoint), peer(endpoint)];
    for (const { socket } of peers) socket.write(Buffer.concat([greeting(), dealerReady]));
    const part = encodeMessage([Buffer.alloc(5_000), Buffer.alloc(0)])[0]!.subarray(0, -2);
    const ping = encodeCommand('PING', Buffer.of(0, 0));
    for (let i = 0; i < 300 && !peers.some(({ socket }) => socket.destroyed); i++)
      for (const { socket, ended } of peers) {
        socket.write(Buffer.concat([part, ping]));
        await Promise.race([once(socket, 'data'), ended]);
      }
    expect(peers.filter(({ socket }) => socket.destroyed)).toHaveLength(1);
  });

  it('cost a peer that reads nothing its connection, in the end', async () => {
    const { endpoint } = await start({ outboundBytes: 3_000_000 });
    const { socket, ended } = peer(endpoint);
    socket.pause();
    socket.write(Buffer.concat([greeting(), dealerReady]));
    const large = Buffer.concat(encodeMessage([Buffer.alloc(0), Buffer.from('big 4000000')]));
    // It learns by what it writes that the other side has ended.
    for (; !socket.destroyed; await new Promise((resolve) => setTimeout(resolve, 10))) socket.write(large);
    await ended;
  });
});
