import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@enigma-worker/host';
import { Executor, type ExecutorProgram, type Listener, type Posted } from './executor.js';
import { ReplyWatch } from './reply-watch.js';
import { monotonicMs } from './slots.js';

/** Why a job was begun but never answered. */
export type LossReason = 'timeout' | 'crash';

/** How many threads run, and how long a job may take. */
export interface PoolOptions {
  readonly threads: number;
  /** Wall-clock bound of one job in milliseconds; its thread is ended and replaced. */
  readonly jobTimeoutMs: number;
  /** How long the main thread looks for replies before it sleeps, in milliseconds. */
  readonly spinMs: number;
  /** How much lower than that of the process the priority of executor threads is (Linux), as `nice` counts. */
  readonly executorNiceness: number;
  /** The same while a thread is at a job that takes long: reads and short jobs go before it. */
  readonly slowExecutorNiceness: number;
}

/** What a pool tells its owner. */
export interface PoolEvents<Entry, Reply> extends Listener<Entry, Reply> {
  /** A job was begun and its thread ended. */
  lost(entry: Entry, reason: LossReason): void;
  /** A job came back that no thread has begun, in order; whether its thread ended without having begun any. */
  returned(entry: Entry, stillborn: boolean): void;
  /** Executors may take more jobs than before. */
  vacant(): void;
}

/** After a thread that failed to live this long, its replacement waits. */
const SHORT_LIFE_MS = 1000;
const RESTART_DELAY_MS = 200;
/** Threads are started so long after the pool was made: until then the start of the process has the processor. */
const BEGIN_MS = 200;
/** Behind a job that takes longer than this nothing else waits. */
const STALL_MS = 1;
/** A job that takes longer than this is no victim of the scheduler: its thread yields to everybody else. */
const LONG_MS = 5;
/** A thread that was overdue in so many checks, and at no place where it may be ended without harm, is ended all the same. */
const PATIENCE = 100;
const SEIZE_EVERY_MS = 5;
/** How many jobs more a busy executor may have and still be preferred, because it has the code at hand. */
const HOME_ADVANTAGE = 2;
/** An idle thread has so long to end by itself. */
const CLOSE_MS = 3000;

/** A fixed number of executors, each replaced when it ends. */
export class ExecutorPool<Job, Reply, Entry extends Posted<Job>> {
  readonly #program: ExecutorProgram<Job, Reply>;
  readonly #options: PoolOptions;
  readonly #events: PoolEvents<Entry, Reply>;
  readonly #log: Logger;
  readonly #watch: ReplyWatch;
  /** Empty until the threads are started. */
  readonly #executors: Executor<Job, Reply, Entry>[] = [];
  readonly #beginning: NodeJS.Timeout;
  #watchdog: NodeJS.Timeout | undefined;
  #relief: NodeJS.Timeout | undefined;
  #closed = false;
  #replaced = 0;
  #timedOut = 0;

  constructor(
    program: ExecutorProgram<Job, Reply>,
    options: PoolOptions,
    events: PoolEvents<Entry, Reply>,
    log: Logger,
  ) {
    this.#program = program;
    this.#options = options;
    this.#events = events;
    this.#log = log;
    this.#watch = new ReplyWatch(
      { poll: () => this.#poll(), pending: () => this.#unanswered() },
      options.spinMs,
    );
    this.#beginning = setTimeout(() => this.begin(), BEGIN_MS).unref();
  }

  /** How many threads there are, or will be. */
  get size(): number {
    return this.#options.threads;
  }

  /** Starts the threads, unless they are: they wait for the first job or for the rest of the process to be up. */
  begin(): void {
    if (this.#closed || this.#executors.length > 0) return;
    clearTimeout(this.#beginning);
    for (let index = 0; index < this.#options.threads; index++) this.#executors.push(this.#start(index));
  }

  /** Whether any executor takes another job. */
  get accepts(): boolean {
    return this.#executors.some((executor) => executor.accepts);
  }

  /** Jobs in the hands of executors. */
  get running(): number {
    let jobs = 0;
    for (const executor of this.#executors) jobs += executor.load;
    return jobs;
  }

  /** Threads that ended and were replaced. */
  get replaced(): number {
    return this.#replaced;
  }

  /** Jobs that exceeded their time. */
  get timedOut(): number {
    return this.#timedOut;
  }

  /**
   * An executor that takes another job: an idle one if there is any, else the lane's home, which knows its code,
   * unless others have much less to do.
   * @param home a number that stands for the lane
   */
  choose(home: number): Executor<Job, Reply, Entry> | undefined {
    const count = this.#executors.length;
    let best: Executor<Job, Reply, Entry> | undefined;
    for (let at = 0; at < count; at++) {
      const executor = this.#executors[(home + at) % count]!;
      if (executor.accepts && (best === undefined || executor.load < best.load)) best = executor;
    }
    const own = this.#executors[home % count];
    const near = best !== undefined && best.load > 0 && own!.load <= best.load + HOME_ADVANTAGE;
    return near && own!.accepts ? own : best;
  }

  /** Posts a job to an executor that accepts it. */
  post(executor: Executor<Job, Reply, Entry>, entry: Entry): void {
    if (executor.load === 0) executor.touched = performance.now();
    executor.post(entry);
    this.#watch.posted();
    this.#relief ??= setTimeout(() => this.#relieve(), STALL_MS).unref();
    // This timer also keeps the process alive while jobs are under way.
    this.#watchdog ??= setInterval(
      () => this.#check(),
      Math.max(1, Math.min(100, this.#options.jobTimeoutMs / 4)),
    );
  }

  /**
   * Ends all threads; the idle ones by themselves. Idempotent.
   * @returns jobs that were interrupted or never begun
   */
  async close(): Promise<Entry[]> {
    this.#closed = true;
    clearTimeout(this.#beginning);
    clearInterval(this.#watchdog);
    clearTimeout(this.#relief);
    const unfinished: Entry[] = [];
    await Promise.all(
      this.#executors.map(async (executor) => {
        if (executor.load === 0) return await executor.close(CLOSE_MS);
        await this.#seize(executor);
        await executor.kill();
        // It keeps replies back while it has more to do.
        executor.poll(this.#events, false);
        const { begun, waiting } = executor.remains();
        unfinished.push(...(begun === undefined ? waiting : [begun, ...waiting]));
      }),
    );
    return unfinished;
  }

  #start(index: number): Executor<Job, Reply, Entry> {
    const started = performance.now();
    const executor: Executor<Job, Reply, Entry> = new Executor(
      this.#program,
      this.#watch.bell,
      () => this.#watch.rung(),
      (error) => {
        if (this.#closed || executor.ending) return;
        this.#log.error(
          { executor: index, error: error?.message ?? 'exit' },
          'an executor thread ended and is replaced',
        );
        const delay = performance.now() - started < SHORT_LIFE_MS ? RESTART_DELAY_MS : 0;
        this.#bury(index, executor, 'crash', delay);
      },
    );
    return executor;
  }

  /** Takes in what an ended thread left, and puts a new one in its place. */
  #bury(index: number, executor: Executor<Job, Reply, Entry>, reason: LossReason, delay: number): void {
    executor.poll(this.#events, true);
    const { begun, waiting } = executor.remains();
    this.#replaced++;
    if (reason === 'timeout' && begun !== undefined) this.#timedOut++;
    const stillborn = reason === 'crash' && begun === undefined;
    for (const entry of waiting) this.#events.returned(entry, stillborn);
    if (begun !== undefined) this.#events.lost(begun, reason);
    this.#events.vacant();
    const replace = (): void => {
      if (this.#closed) return;
      this.#executors[index] = this.#start(index);
      this.#events.vacant();
    };
    if (delay === 0) replace();
    else setTimeout(replace, delay);
  }

  #unanswered(): number {
    let slots = 0;
    for (const executor of this.#executors) slots += executor.used;
    return slots;
  }

  #poll(): boolean {
    let progress = false;
    // Where many jobs are under way, an early answer only splits what could be done together.
    const early = this.#unanswered() === 1;
    for (const executor of this.#executors) {
      if (executor.used === 0) continue;
      if (!executor.poll(this.#events, early)) continue;
      executor.touched = performance.now();
      executor.isSlow = false;
      executor.takeBack(this.#options.executorNiceness);
      progress = true;
    }
    if (progress) this.#events.vacant();
    return progress;
  }

  /**
   * Looks after executors that do not answer at once: they keep replies back while they have more to do; and those
   * whose job takes long give up what waits behind it, and yield to everybody else.
   */
  #relieve(): void {
    this.#poll();
    const now = performance.now();
    let isAnyToWatch = false;
    for (const executor of this.#executors) {
      if (executor.load === 0) continue;
      const silence = now - executor.touched;
      if (silence > STALL_MS && !executor.isSlow) {
        executor.isSlow = true;
        for (const entry of executor.recall()) this.#events.returned(entry, false);
      }
      if (silence > LONG_MS) executor.giveWay(this.#options.slowExecutorNiceness);
      else isAnyToWatch = true;
    }
    this.#relief = isAnyToWatch ? setTimeout(() => this.#relieve(), STALL_MS).unref() : undefined;
    this.#events.vacant();
  }

  /** Ends threads whose job has run for too long. */
  #check(): void {
    if (this.running === 0) {
      clearInterval(this.#watchdog);
      this.#watchdog = undefined;
      return;
    }
    const now = monotonicMs();
    this.#executors.forEach((executor, index) => {
      const since = executor.runningSince();
      if (since === undefined || executor.ending) return;
      if (now - since < this.#options.jobTimeoutMs) return;
      executor.overdueChecks++;
      if (!executor.seize() && executor.overdueChecks < PATIENCE) return;
      this.#log.warn(
        { executor: index, limitMs: this.#options.jobTimeoutMs },
        'a job exceeds its time: its executor thread is replaced',
      );
      void this.#kill(index, executor);
    });
  }

  /** Waits for a place where a thread may be ended without harm. */
  async #seize(executor: Executor<Job, Reply, Entry>): Promise<void> {
    const deadline = performance.now() + CLOSE_MS;
    while (!executor.seize() && performance.now() < deadline) await wait(SEIZE_EVERY_MS);
  }

  async #kill(index: number, executor: Executor<Job, Reply, Entry>): Promise<void> {
    await executor.kill();
    if (!this.#closed) this.#bury(index, executor, 'timeout', 0);
  }
}
