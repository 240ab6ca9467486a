import { ReplyMemory } from '#lists/reply-memory.js';
import { Server } from '#ipc/server.js';
import { expect, it } from 'vitest';
import { Request } from 'zeromq';
import { LIMITS } from '../ipc/helpers.js';

const MB = 1 << 20;

it('memory is given again once it came back, and not before', () => {
  const memory = new ReplyMemory();
  const first = memory.take(3 * MB - 5);
  expect(first.length).toBeGreaterThanOrEqual(3 * MB - 5);
  const second = memory.take(3 * MB);
  expect(second.buffer).not.toBe(first.buffer);
  memory.giveBack(first.subarray(0, 100));
  const third = memory.take(2 * MB);
  expect(third.buffer).toBe(first.buffer);
  expect(third.length).toBe(first.length);
  expect(memory.take(2 * MB).buffer).not.toBe(first.buffer);
});

it('what comes back twice, or was never given, is not lent to two', () => {
  const memory = new ReplyMemory();
  const own = memory.take(MB);
  memory.giveBack(own);
  memory.giveBack(own);
  memory.giveBack(new Uint8Array(MB));
  expect(memory.take(MB).buffer).toBe(own.buffer);
  expect(memory.take(MB).buffer).not.toBe(own.buffer);
});

it('a small reply does not take large memory, and no more than a bound is kept', () => {
  const memory = new ReplyMemory();
  const large = memory.take(50 * MB);
  const larger = memory.take(60 * MB);
  memory.giveBack(large);
  memory.giveBack(larger);
  expect(memory.take(2 * MB).buffer).not.toBe(large.buffer);
  expect(memory.take(60 * MB).buffer).not.toBe(larger.buffer);
  expect(memory.take(50 * MB).buffer).toBe(large.buffer);
});

it('peers that read large replies side by side each get their own', async () => {
  const memory = new ReplyMemory();
  const given = new Set<ArrayBufferLike>();
  await using server = await Server.start(
    {
      bind: 'tcp://127.0.0.1:*',
      maxFrameBytes: MB,
      outboundBytes: 64 * MB,
      heldBytes: 64 * MB,
      spin: 1,
      stopTimeout: 1000,
      limits: LIMITS,
    },
    {
      // Every byte of a reply is the first one of its request.
      begin(frame) {
        const reply = memory.take(5 * MB).subarray(0, 5 * MB - frame.length);
        given.add(reply.buffer);
        return reply.fill(frame[0]!);
      },
      reject: () => new Uint8Array(),
      sent: (reply) => memory.giveBack(reply),
    },
  );
  const rounds = 20;
  const peers = Array.from({ length: 3 }, () => new Request({ linger: 0, receiveTimeout: 10_000 }));
  await Promise.all(
    peers.map(async (socket, peer) => {
      socket.connect(server.endpoint);
      for (let round = 0; round < rounds; round++) {
        const byte = peer * rounds + round + 1;
        await socket.send(new Uint8Array(1 + round).fill(byte));
        const [reply] = await socket.receive();
        expect(reply).toHaveLength(5 * MB - 1 - round);
        expect(reply!.every((found) => found === byte)).toBe(true);
      }
      socket.close();
    }),
  );
  expect(given.size).toBeLessThan(rounds);
});
