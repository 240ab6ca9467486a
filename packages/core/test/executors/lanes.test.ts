import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Codec } from '#executors/codec.js';
import type { JobEnd, Settlement } from '#executors/lane.js';
import { type LaneOptions, Lanes } from '#executors/lanes.js';
import { SLOT_COUNT } from '#executors/slots.js';
import { silentLogger } from '@enigma-worker/host';

interface Toy {
  fresh: boolean;
  lane?: string;
  value?: number;
  /** Busy for so long. */
  ms?: number;
  /** Busy until the door is opened. */
  held?: boolean;
  crash?: boolean;
  exit?: boolean;
  /** Changes something of its lane. */
  change?: boolean;
  /** Tells that it changes something of its lane before it is busy; through the port if `big`. */
  tell?: boolean | 'big';
  /** As `crash`, after it was busy. */
  crashLate?: boolean;
  /** Travels through the port. */
  big?: boolean;
}
interface ToyReply extends Toy {
  refused?: boolean;
  told?: boolean;
  order?: number;
  setup?: string;
}

const codec: Codec<Toy> = {
  encode(message, target) {
    if (message.big === true) return undefined;
    const bytes = Buffer.from(JSON.stringify(message));
    target.set(bytes);
    return bytes.length;
  },
  decode: (source) => JSON.parse(Buffer.from(source).toString()) as Toy,
};

const open: Lanes<Toy, ToyReply>[] = [];

/** Jobs are held behind it until it is opened: how long that takes does not matter. */
class Door {
  readonly shared = new Int32Array(new SharedArrayBuffer(4));

  open(): void {
    Atomics.store(this.shared, 0, 1);
  }
}

function lanes(
  options: Partial<LaneOptions> = {},
  { script = 'toy', door = new Door() } = {},
): Lanes<Toy, ToyReply> {
  const program = {
    script: new URL(`fixtures/${script}-thread.mjs`, import.meta.url),
    setup: { word: 'hello', door: door.shared },
    stackSizeMb: 4,
    youngGenerationMb: 6,
    jobs: codec,
    replies: codec as Codec<ToyReply>,
  };
  const defaults = {
    threads: 2,
    jobTimeoutMs: 20_000,
    spinMs: 1,
    executorNiceness: 0,
    slowExecutorNiceness: 0,
    maxQueued: 10_000,
    maxQueuedPerLane: 10_000,
  };
  const made = new Lanes<Toy, ToyReply>(program, { ...defaults, ...options }, silentLogger);
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close(0)));
});

/** Runs a job as the enclave does: a change is settled before the next job of the lane begins. */
function run(
  target: Lanes<Toy, ToyReply>,
  lane: string,
  job: Omit<Toy, 'fresh' | 'lane'>,
  log?: string[],
): Promise<JobEnd<ToyReply>> {
  const settle = (reply: ToyReply): Settlement => {
    if (reply.refused === true) return 'again';
    log?.push(`run ${lane} ${reply.value}`);
    if (reply.change !== true && reply.told !== true) return 'done';
    const work = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      log?.push(`settled ${lane} ${reply.value}`);
    };
    return { work, repeat: false };
  };
  return target.run(lane, { fresh: false, lane, ...job }, settle);
}

function replyOf(end: JobEnd<ToyReply>): ToyReply {
  expect(end.kind).toBe('reply');
  return (end as { reply: ToyReply }).reply;
}

describe('lanes of executors', () => {
  it('do jobs, small through shared memory and big through the port', async () => {
    const target = lanes();
    const small = replyOf(await run(target, 'a1', { value: 7 }));
    expect(small).toMatchObject({ value: 7, setup: 'hello' });
    const mixed = await Promise.all(
      Array.from({ length: 40 }, (_, value) => run(target, 'a1', { value, big: value % 3 === 0 })),
    );
    expect(mixed.map((end) => replyOf(end).value)).toEqual(Array.from({ length: 40 }, (_, value) => value));
    expect(replyOf(await target.runLoose({ fresh: false, value: 9 })).value).toBe(9);
  });

  it('keep the order within a lane, whatever happens: changes, gates, slow jobs and crashes', async () => {
    const target = lanes({ threads: 3 });
    const job = fc.record({
      lane: fc.constantFrom('aa', 'bb', 'cc', 'dd'),
      what: fc.constantFrom('read', 'read', 'read', 'big', 'change', 'tell', 'gate', 'slow', 'crash'),
    });
    const lines = (lane: string, what: string, value: number): string[] => {
      const line = `run ${lane} ${value}`;
      if (what === 'crash') return [];
      if (what === 'gate') return [`gate ${lane} ${value}`, `open ${lane} ${value}`];
      return what === 'change' || what === 'tell' ? [line, `settled ${lane} ${value}`] : [line];
    };
    await fc.assert(
      fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 60 }), async (jobs) => {
        const log: string[] = [];
        const ends = jobs.map(async ({ lane, what }, value) => {
          if (what !== 'gate') {
            const wanted = { value, ...(what === 'slow' ? { ms: 5 } : { [what]: true }) };
            return (await run(target, lane, wanted, log)).kind;
          }
          return await target.exclusive(lane, async () => {
            log.push(`gate ${lane} ${value}`);
            await new Promise((resolve) => setTimeout(resolve, 1));
            log.push(`open ${lane} ${value}`);
            return 'reply';
          });
        });
        expect(await Promise.all(ends)).toEqual(
          jobs.map(({ what }) => (what === 'crash' ? 'lost' : 'reply')),
        );
        for (const lane of ['aa', 'bb', 'cc', 'dd']) {
          const expected = jobs.flatMap((each, value) =>
            each.lane === lane ? lines(lane, each.what, value) : [],
          );
          expect(log.filter((line) => line.includes(` ${lane} `))).toEqual(expected);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('run different lanes in parallel, and keep nothing waiting behind a long job', async () => {
    const door = new Door();
    const target = lanes({}, { door });
    await Promise.all([run(target, 'aa', {}), run(target, 'bb', {})]);
    const long = run(target, 'aa', { held: true });
    // Half of these are posted behind the long job first.
    await Promise.all(Array.from({ length: 64 }, (_, value) => run(target, `lane ${value}`, { value })));
    door.open();
    replyOf(await long);
  });

  it('replace a thread whose job exceeds its time; others never notice', async () => {
    const target = lanes({ jobTimeoutMs: 2_000 });
    await Promise.all([run(target, 'aa', {}), run(target, 'bb', {})]);
    const endless = run(target, 'aa', { ms: 60_000 });
    const behind = Array.from({ length: SLOT_COUNT * 2 }, (_, value) =>
      run(target, value % 2 === 0 ? 'aa' : 'bb', { value }),
    );
    expect(await endless).toEqual({ kind: 'lost', reason: 'timeout' });
    expect((await Promise.all(behind)).map((end) => replyOf(end).value)).toEqual(
      behind.map((_, value) => value),
    );
    expect(target.pool).toMatchObject({ size: 2, replaced: 1, timedOut: 1 });
    // A toy is never at a place where its thread may be ended without harm, and is given a hundred chances.
  });

  it.each(['crash', 'exit'] as const)('survive a thread that ends by %s', async (way) => {
    const target = lanes();
    const before = run(target, 'aa', { value: 1 });
    const fatal = run(target, 'aa', { [way]: true });
    const after = run(target, 'aa', { value: 2 });
    expect(replyOf(await before).value).toBe(1);
    expect(await fatal).toEqual({ kind: 'lost', reason: 'crash' });
    expect(replyOf(await after).value).toBe(2);
    expect(target.pool.replaced).toBe(1);
  });

  it('take back what waits behind a long job, also when nothing else happens', async () => {
    const door = new Door();
    const target = lanes({}, { door });
    await Promise.all([run(target, 'aa', {}), run(target, 'bb', {})]);
    // Both threads have something, so the third job waits behind one of them.
    const long = run(target, 'aa', { held: true });
    const [short, third] = [run(target, 'bb', { ms: 1 }), run(target, 'cc', {})];
    await Promise.all([short, third]);
    door.open();
    replyOf(await long);
  });

  it('give a job up when no thread lives long enough to begin it', async () => {
    const target = lanes({}, { script: 'stillborn' });
    await expect(run(target, 'aa', {})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(target.runLoose({ fresh: true })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('give up a lane to other work while no job of it runs', async () => {
    const target = lanes();
    const log: string[] = [];
    const first = run(target, 'aa', { value: 1, ms: 20 }, log);
    const held = target.exclusive('aa', async () => {
      log.push('held');
      await new Promise((resolve) => setTimeout(resolve, 20));
      log.push('let go');
      return 5;
    });
    const opposite = target.exclusive('aa', async () => log.push('held again'));
    const second = run(target, 'aa', { value: 2 }, log);
    expect(await held).toBe(5);
    await Promise.all([first, second, opposite]);
    expect(log).toEqual(['run aa 1', 'held', 'let go', 'held again', 'run aa 2']);
    await expect(target.exclusive('aa', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    replyOf(await run(target, 'aa', {}));
  });

  it('prepare each job when its turn has come, and end one that cannot be prepared', async () => {
    const target = lanes();
    let value = 1;
    const held = target.exclusive('aa', async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      value = 2;
    });
    const job: Toy = { fresh: false, lane: 'aa' };
    const behind = target.run(
      'aa',
      job,
      () => 'done',
      () => void (job.value = value),
    );
    const unprepared = target
      .run(
        'aa',
        { fresh: false, lane: 'aa' },
        () => 'done',
        () => {
          throw new Error('no key');
        },
      )
      .catch((error: Error) => error.message);
    await held;
    expect(replyOf(await behind).value).toBe(2);
    expect(await unprepared).toBe('no key');
    expect(replyOf(await run(target, 'aa', { value: 3 })).value).toBe(3);
  });

  it('give each of many lanes up alone', async () => {
    const target = lanes();
    const inside = new Set<number>();
    const twice = async (number: number): Promise<void> => {
      expect(inside.has(number)).toBe(false);
      inside.add(number);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside.delete(number);
    };
    const numbers = Array.from({ length: 3000 }, (_, number) => number);
    await Promise.all(
      [...numbers, ...numbers].map((number) => target.exclusive(`lane ${number}`, () => twice(number))),
    );
  });

  it('pass an error of a settlement on and go on', async () => {
    const target = lanes();
    const failing = target.run('aa', { fresh: false, lane: 'aa', change: true }, () => ({
      work: () => Promise.reject(new Error('disk full')),
      repeat: false,
    }));
    const next = run(target, 'aa', { value: 3 });
    await expect(failing).rejects.toThrow('disk full');
    expect(replyOf(await next).value).toBe(3);
  });

  it.each([true, 'big'] as const)('settle what a job tells while it goes on (%s)', async (tell) => {
    const target = lanes();
    await run(target, 'aa', {});
    const log: string[] = [];
    const first = run(target, 'aa', { value: 1, tell, ms: 300 }, log);
    const next = run(target, 'aa', { value: 2 }, log);
    const end = first.then((reply) => {
      log.push('answered');
      return reply;
    });
    expect(replyOf(await end)).toMatchObject({ value: 1, setup: 'hello' });
    expect(replyOf(await next).value).toBe(2);
    expect(log).toEqual(['run aa 1', 'settled aa 1', 'answered', 'run aa 2']);
  });

  it('do not wait for the reply of a lone job to settle what it told', async () => {
    const door = new Door();
    const target = lanes({ spinMs: 10_000 }, { door });
    await run(target, 'aa', {});
    const job = { fresh: false, lane: 'aa', tell: true, held: true };
    const end = await target.run('aa', job, (reply) => {
      if (reply.told !== true) return 'done';
      // Without this the job would not end.
      door.open();
      return { work: () => Promise.resolve(), repeat: false };
    });
    expect(replyOf(end).told).toBeUndefined();
  });

  it('pass an error of what was told on, once the job has ended', async () => {
    const target = lanes();
    const failing = target.run('aa', { fresh: false, lane: 'aa', tell: true, ms: 20 }, (reply) =>
      reply.told === true ? { work: () => Promise.reject(new Error('disk full')), repeat: false } : 'done',
    );
    const next = run(target, 'aa', { value: 3 });
    await expect(failing).rejects.toThrow('disk full');
    expect(replyOf(await next).value).toBe(3);
  });

  it('say so when a thread ends after it told a change and before it had the reply', async () => {
    const target = lanes();
    const log: string[] = [];
    const fatal = run(target, 'aa', { value: 1, tell: true, ms: 20, crashLate: true }, log);
    const next = run(target, 'aa', { value: 2 }, log);
    await expect(fatal).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(replyOf(await next).value).toBe(2);
    expect(log).toEqual(['run aa 1', 'settled aa 1', 'run aa 2']);
  });

  it('refuse what is too much with BUSY', async () => {
    const target = lanes({ maxQueued: 40, maxQueuedPerLane: 20 });
    const accepted = Array.from({ length: 20 + SLOT_COUNT }, () => run(target, 'aa', { ms: 1 }));
    await expect(run(target, 'aa', {})).rejects.toMatchObject({ code: 'BUSY' });
    replyOf(await run(target, 'bb', {}));
    await Promise.all(accepted);
  });

  it('finish what runs when they close, within the bound', async () => {
    const target = lanes({ threads: 1 });
    const accepted = [run(target, 'aa', { ms: 30, value: 1 }), run(target, 'aa', { change: true, value: 2 })];
    const closing = target.close(20_000);
    await expect(run(target, 'aa', {})).rejects.toMatchObject({ code: 'CLOSED' });
    await closing;
    expect((await Promise.all(accepted)).map((end) => replyOf(end).value)).toEqual([1, 2]);
    await target.close(0);

    const stuck = lanes({ threads: 1 });
    // Lanes have no order among them, so either may be the one that its thread is at.
    const ms = 60_000;
    const endless = [run(stuck, 'aa', { ms }), run(stuck, 'aa', {}), run(stuck, 'bb', { ms })].map((each) =>
      each.catch((error: { code: string }) => error.code),
    );
    const began = performance.now();
    await stuck.close(100);
    expect(performance.now() - began).toBeLessThan(ms / 4);
    expect(await Promise.all(endless)).toEqual(['CLOSED', 'CLOSED', 'CLOSED']);
  });

  it('end also what was done shortly before its thread had to be ended', async () => {
    const target = lanes({ threads: 1 });
    await run(target, 'aa', {});
    const ends = [0.8, 0.8, 0.8, 60_000].map((ms) =>
      run(target, 'aa', { ms }).then(
        (end) => end.kind,
        (error: { code: string }) => error.code,
      ),
    );
    await target.close(0);
    expect(['reply', 'CLOSED']).toEqual(expect.arrayContaining(await Promise.all(ends)));
  });

  it('end also what only then would run, or run again', async () => {
    const target = lanes();
    await run(target, 'aa', {});
    let goOn!: () => void;
    const going = new Promise<void>((resolve) => (goOn = resolve));
    const work = (): Promise<void> => going;
    const repeated = target.run('aa', { fresh: false, change: true }, () => ({ work, repeat: true }));
    const held = target.exclusive('bb', async () => {
      await work();
      return await target.runLoose({ fresh: true });
    });
    while (target.pool.running > 0) await new Promise(setImmediate);
    const ends = [repeated, held].map((each) => each.catch((error: { code: string }) => error.code));
    await target.close(0);
    goOn();
    expect(await Promise.all(ends)).toEqual(['CLOSED', 'CLOSED']);
  });
});
