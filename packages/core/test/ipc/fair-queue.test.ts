import { FairQueue, type QueueLimits } from '#ipc/fair-queue.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const LIMITS: QueueLimits = {
  pending: 100,
  pendingPerPeer: 50,
  pendingBytes: 1_000,
  running: 4,
  runningPerPeer: 2,
  runningPerLane: 1,
};

/** Jobs that end when told to, in a log of what started. */
function bench(limits: Partial<QueueLimits> = {}) {
  const queue = new FairQueue({ ...LIMITS, ...limits });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const dropped: string[] = [];
  const offer = (name: string, peer: string, lane: string, bytes = 1): boolean =>
    queue.offer({
      peer,
      lane,
      bytes,
      run: () => {
        started.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      },
      dropped: (why) => dropped.push(`${name} ${why}`),
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, started, dropped, offer, end };
}

describe('the fair queue', () => {
  it('starts at once what may run, and the next when one ends', async () => {
    const { queue, started, offer, end } = bench();
    for (const name of ['a1', 'a2', 'a3']) offer(name, 'a', `lane ${name}`);
    expect(started).toEqual(['a1', 'a2']);
    expect(queue.waiting).toBe(1);
    await end('a1');
    expect(started).toEqual(['a1', 'a2', 'a3']);
  });

  it('gives each peer its turn', async () => {
    const { started, offer, end } = bench({ running: 1 });
    for (const name of ['a1', 'a2', 'a3', 'a4']) offer(name, 'a', 'x');
    offer('b1', 'b', 'x');
    offer('c1', 'c', 'x');
    for (let i = 0; i < 6; i++) await end(started[i] ?? '');
    expect(started).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'a4']);
  });

  it('keeps the order in a lane, and lets no lane wait for another', async () => {
    const { started, offer, end } = bench();
    offer('x1', 'a', 'x');
    offer('x2', 'a', 'x');
    offer('y1', 'a', 'y');
    expect(started).toEqual(['x1', 'y1']);
    await end('x1');
    expect(started).toEqual(['x1', 'y1', 'x2']);
  });

  it('refuses beyond its bounds and takes more when something ended', async () => {
    const { offer, end, queue } = bench({ pending: 3, pendingPerPeer: 2 });
    expect(['a1', 'a2', 'a3'].map((name) => offer(name, 'a', 'x'))).toEqual([true, true, false]);
    expect(['b1', 'b2'].map((name) => offer(name, 'b', 'x'))).toEqual([true, false]);
    await end('a1');
    expect(offer('b2', 'b', 'x')).toBe(true);
    expect(queue.pending).toBe(3);
  });

  it('has who waits with most make room for who has less, and for nobody else', async () => {
    const { offer, end, queue, started, dropped } = bench({ pending: 6, running: 1 });
    for (const name of ['a1', 'a2', 'a3', 'a4']) offer(name, 'a', name < 'a3' ? 'x' : 'y');
    for (const name of ['b1', 'b2']) offer(name, 'b', 'x');
    expect(offer('a5', 'a', 'x')).toBe(false);
    expect(offer('c1', 'c', 'x')).toBe(true);
    expect(dropped).toEqual(['a4 busy']);
    // Now a has three, b two, c one.
    expect(offer('b3', 'b', 'x')).toBe(false);
    expect(offer('c2', 'c', 'x')).toBe(true);
    expect(offer('c3', 'c', 'x')).toBe(false);
    expect(dropped).toEqual(['a4 busy', 'a3 busy']);
    expect(queue.pending).toBe(6);
    for (let i = 0; i < 6; i++) await end(started[i] ?? '');
    expect(started).toEqual(['a1', 'a2', 'b1', 'c1', 'b2', 'c2']);
    expect(queue.pending).toBe(0);
  });

  it('makes room in bytes, too', () => {
    const { offer, dropped } = bench({ running: 1, pendingBytes: 400 });
    for (const name of ['a1', 'a2', 'a3']) offer(name, 'a', 'x', 25);
    for (const peer of ['b', 'c', 'd']) expect(offer(peer, peer, 'x', 100)).toBe(true);
    expect(offer('e1', 'e', 'x', 60)).toBe(true);
    expect(dropped).toEqual(['b busy']);
    expect(offer('e2', 'e', 'x', 40)).toBe(true);
    expect(offer('e3', 'e', 'x', 1)).toBe(false);
  });

  it('drops what waits of a peer that is gone, and of all when nothing more is begun', async () => {
    const { offer, end, queue, started, dropped } = bench({ running: 1 });
    for (const name of ['a1', 'a2', 'a3']) offer(name, 'a', name);
    offer('b1', 'b', 'x');
    queue.dropPeer('a');
    queue.dropPeer('nobody');
    expect(dropped).toEqual(['a3 gone', 'a2 gone']);
    offer('c1', 'c', 'x');
    queue.dropWaiting();
    expect(dropped.slice(2)).toEqual(['b1 stopping', 'c1 stopping']);
    await end('a1');
    await queue.whenIdle();
    expect(started).toEqual(['a1']);
  });

  it('bounds the bytes that wait, but takes a large one when it is alone', () => {
    const { offer } = bench();
    expect(offer('large', 'a', 'x', 5_000)).toBe(true);
    expect(offer('small', 'b', 'y', 1)).toBe(false);
  });

  it('runs every accepted job exactly once, in the order of its peer and lane, and forgets it', async () => {
    const job = fc.record({
      peer: fc.constantFrom('a', 'b', 'c'),
      lane: fc.constantFrom('x', 'y'),
      ticks: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(job, { maxLength: 60 }), async (jobs) => {
        const queue = new FairQueue({ ...LIMITS, pendingPerPeer: 10 });
        const started: number[] = [];
        let running = 0;
        const accepted = jobs.flatMap(({ peer, lane, ticks }, index) => {
          const run = async (): Promise<void> => {
            started.push(index);
            running++;
            expect(running).toBeLessThanOrEqual(LIMITS.running);
            for (let i = 0; i < ticks; i++) await Promise.resolve();
            running--;
          };
          const dropped = (): void => expect.unreachable('nothing has to make room');
          return queue.offer({ peer, lane, bytes: 1, run, dropped }) ? [index] : [];
        });
        await queue.whenIdle();
        expect([...started].sort((a, b) => a - b)).toEqual(accepted);
        const groups = new Map<string, number[]>();
        for (const index of started) {
          const key = `${jobs[index]?.peer} ${jobs[index]?.lane}`;
          groups.set(key, [...(groups.get(key) ?? []), index]);
        }
        for (const group of groups.values()) expect(group).toEqual([...group].sort((a, b) => a - b));
        expect([queue.pending, queue.waiting]).toEqual([0, 0]);
      }),
    );
  });
});
