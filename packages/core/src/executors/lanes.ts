import { Roster } from '../collections/roster.js';
import type { Logger } from '@enigma-worker/host';
import { ExecutorError } from './errors.js';
import type { Executor, ExecutorProgram, Posted } from './executor.js';
import {
  emptyLane,
  homeOf,
  isIdle,
  type JobEnd,
  type JobEntry,
  type Lane,
  type LaneJob,
  type Settlement,
} from './lane.js';
import { ExecutorPool, type LossReason, type PoolOptions } from './pool.js';

/** Bounds of what may wait. */
export interface LaneOptions extends PoolOptions {
  /** Jobs that may wait in all lanes together. */
  readonly maxQueued: number;
  /** Jobs that may wait in one lane. */
  readonly maxQueuedPerLane: number;
}

const KEPT = 'the worker shut down after the task had changed the state and before it had the result';
/** A job is given up after so many threads that had it ended before they began anything. */
const MAX_STILLBIRTHS = 5;

/**
 * Runs jobs on a pool of executors: those of one lane in order of arrival and never two at once,
 * those of different lanes in parallel. A lane keeps to one executor while it has jobs there, and
 * several of its jobs may be posted at once: the next begins as soon as the one before has ended,
 * unless that one changed something, which is settled on the main thread first.
 */
export class Lanes<Job extends LaneJob, Reply> {
  readonly #pool: ExecutorPool<Job, Reply, JobEntry<Job, Reply>>;
  readonly #options: LaneOptions;
  readonly #lanes = new Roster<Lane<Job, Reply>>(emptyLane, isIdle);
  /** Lanes that have a job for an executor, in turn. */
  #line: Lane<Job, Reply>[] = [];
  #sequence = 0;
  #queued = 0;
  #pending = 0;
  #closing: Promise<void> | undefined;
  #hasGivenUp = false;
  #onIdle: (() => void) | undefined;

  constructor(program: ExecutorProgram<Job, Reply>, options: LaneOptions, log: Logger) {
    this.#options = options;
    const events = {
      told: (entry: JobEntry<Job, Reply>, reply: Reply) => this.#told(entry, reply),
      replied: (entry: JobEntry<Job, Reply>, reply: Reply) => this.#replied(entry, reply),
      lost: (entry: JobEntry<Job, Reply>, reason: LossReason) => this.#lost(entry, reason),
      returned: (entry: JobEntry<Job, Reply>, stillborn: boolean) => this.#returned(entry, stillborn),
      vacant: () => this.#dispatch(),
    };
    this.#pool = new ExecutorPool(program, options, events, log);
  }

  get pool(): Pick<ExecutorPool<Job, Reply, Posted<Job>>, 'size' | 'running' | 'replaced' | 'timedOut'> {
    return this.#pool;
  }

  /** Jobs that wait for an executor. */
  get queued(): number {
    return this.#queued;
  }

  /**
   * Runs a job in its turn.
   * @param settle called with each reply to the job, in the order of the lane's replies; and with what the job told
   * before it: if that demands work, the work is begun at once, and the reply only waits for it
   * @param prepare called whenever the job's turn has come; what it throws is the job's end
   * @throws ExecutorError `BUSY` or `CLOSED`
   */
  async run(
    key: string,
    job: Job,
    settle: (reply: Reply) => Settlement,
    prepare?: () => void,
  ): Promise<JobEnd<Reply>> {
    this.#admit(key);
    return await this.#enqueue(this.#lanes.get(key), job, settle, prepare);
  }

  /** Runs a job that belongs to no lane, or to one that is held by {@link exclusive}. */
  runLoose(job: Job): Promise<JobEnd<Reply>> {
    return this.#enqueue(emptyLane(`loose ${this.#sequence}`), job, () => 'done');
  }

  /**
   * Does `work` when its turn in the lane has come; no job of the lane runs meanwhile.
   * @throws ExecutorError `BUSY` or `CLOSED`
   */
  async exclusive<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#admit(key);
    const lane = this.#lanes.get(key);
    this.#pending++;
    try {
      await this.#reach(lane);
      return await work();
    } finally {
      this.#release(lane);
      this.#dispatch();
      this.#ended();
    }
  }

  /**
   * Refuses new work, waits for what is under way at most `graceMs`, gives the rest up, ends the threads. Idempotent: the
   * first call's grace holds.
   */
  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.#onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#hasGivenUp = true;
    this.#giveUp(await this.#pool.close());
  }

  #admit(key: string): void {
    if (this.#closing !== undefined) throw new ExecutorError('CLOSED', 'the worker is shutting down');
    if (this.#queued >= this.#options.maxQueued)
      throw new ExecutorError('BUSY', 'busy: too many tasks wait, try again later');
    if ((this.#lanes.peek(key)?.queue.length ?? 0) >= this.#options.maxQueuedPerLane) {
      throw new ExecutorError('BUSY', 'busy: too many tasks of this contract wait, try again later');
    }
  }

  #enqueue(
    lane: Lane<Job, Reply>,
    job: Job,
    settle: (reply: Reply) => Settlement,
    prepare?: () => void,
  ): Promise<JobEnd<Reply>> {
    if (this.#hasGivenUp) return Promise.reject(notKept());
    return new Promise((resolve, reject) => {
      lane.queue.push({
        job,
        sequence: this.#sequence++,
        lane,
        settle,
        prepare,
        resolve,
        reject,
        settled: undefined,
        stillbirths: 0,
      });
      this.#queued++;
      this.#pending++;
      this.#advance(lane);
      this.#dispatch();
    });
  }

  /** Brings a lane as far as it goes without an executor. */
  #advance(lane: Lane<Job, Reply>): void {
    if (lane.holds > 0) return;
    if (lane.draining) {
      if (lane.inFlight > 0) return;
      lane.again.sort((a, b) => a.sequence - b.sequence);
      lane.queue.unshift(...lane.again.splice(0));
      lane.draining = false;
      lane.fresh = true;
    }
    const head = lane.queue[0];
    if (head === undefined) {
      // Everything that was changed is settled: whoever comes next finds it so.
      if (lane.inFlight === 0) lane.fresh = true;
    } else if ('reached' in head) {
      if (lane.inFlight > 0) return;
      lane.queue.shift();
      lane.holds++;
      head.reached();
    } else if (!lane.waiting) {
      lane.waiting = true;
      this.#line.push(lane);
    }
  }

  /** Gives executors what they can take, one job of each lane in turn. */
  #dispatch(): void {
    if (this.#hasGivenUp) return;
    if (this.#queued > 0) this.#pool.begin();
    const full: Lane<Job, Reply>[] = [];
    while (this.#line.length > 0 && this.#pool.accepts) {
      const lane = this.#line.shift()!;
      const head = lane.queue[0];
      if (head === undefined || 'reached' in head || lane.draining || lane.holds > 0) {
        lane.waiting = false;
        continue;
      }
      const executor = lane.inFlight > 0 ? lane.executor : this.#pool.choose(homeOf(lane.key));
      if (executor === undefined || !executor.accepts) {
        full.push(lane);
        continue;
      }
      lane.waiting = false;
      lane.queue.shift();
      this.#post(executor, head);
      this.#advance(lane);
    }
    this.#line.unshift(...full);
  }

  #post(executor: Executor<Job, Reply, JobEntry<Job, Reply>>, entry: JobEntry<Job, Reply>): void {
    this.#queued--;
    try {
      entry.prepare?.();
    } catch (error) {
      entry.reject(error);
      this.#ended();
      return;
    }
    const { job, lane } = entry;
    job.fresh = lane.fresh;
    lane.fresh = false;
    lane.executor = executor;
    lane.inFlight++;
    this.#pool.post(executor, entry);
  }

  #told(entry: JobEntry<Job, Reply>, reply: Reply): void {
    const settlement = entry.settle(reply);
    if (typeof settlement === 'string') return;
    entry.settled = this.#begin(entry, settlement);
    // Who waits for it comes later.
    entry.settled.catch(() => undefined);
  }

  #replied(entry: JobEntry<Job, Reply>, reply: Reply): void {
    const { lane } = entry;
    lane.inFlight--;
    const answer = (): void => this.#answer(entry, { kind: 'reply', reply });
    if (entry.settled === undefined) this.#settle(entry, entry.settle(reply), answer);
    else void this.#follow(entry, entry.settled, answer);
    this.#advance(lane);
  }

  #settle(entry: JobEntry<Job, Reply>, settlement: Settlement, answer: () => void): void {
    if (settlement === 'done') answer();
    else if (settlement === 'again') this.#repeat(entry);
    else {
      const end = settlement.repeat ? (): void => this.#repeat(entry) : answer;
      void this.#follow(entry, this.#begin(entry, settlement), end);
    }
  }

  /** Begins what must be done before the lane's next job begins, and holds the lane for it. */
  #begin({ lane }: JobEntry<Job, Reply>, { work }: Exclude<Settlement, string>): Promise<void> {
    lane.holds++;
    lane.draining = true;
    return work();
  }

  /** Ends a job when what it demanded is done, and lets go of the lane. */
  async #follow(entry: JobEntry<Job, Reply>, settled: Promise<void>, end: () => void): Promise<void> {
    try {
      await settled;
      end();
    } catch (error) {
      entry.reject(error);
      this.#ended();
    }
    this.#release(entry.lane);
    this.#dispatch();
  }

  #lost(entry: JobEntry<Job, Reply>, reason: LossReason): void {
    entry.lane.inFlight--;
    if (entry.settled === undefined) {
      this.#answer(entry, { kind: 'lost', reason });
    } else {
      void this.#follow(entry, entry.settled, () => {
        const message = 'the executor ended after it changed the state and before it had the result';
        throw new ExecutorError('UNAVAILABLE', message);
      });
    }
    this.#advance(entry.lane);
  }

  #returned(entry: JobEntry<Job, Reply>, stillborn: boolean): void {
    entry.lane.inFlight--;
    if (stillborn && ++entry.stillbirths > MAX_STILLBIRTHS) {
      entry.reject(new ExecutorError('UNAVAILABLE', 'executor threads end before they run anything'));
      this.#ended();
    } else {
      this.#repeat(entry);
    }
    this.#advance(entry.lane);
  }

  /** Puts a job back where it was in its lane. */
  #repeat(entry: JobEntry<Job, Reply>): void {
    if (this.#hasGivenUp) {
      entry.reject(notKept());
      this.#ended();
      return;
    }
    this.#queued++;
    entry.lane.again.push(entry);
    entry.lane.draining = true;
  }

  #reach(lane: Lane<Job, Reply>): Promise<void> {
    return new Promise((reached, reject) => {
      lane.queue.push({ reached, reject });
      this.#advance(lane);
    });
  }

  #release(lane: Lane<Job, Reply>): void {
    lane.holds--;
    this.#advance(lane);
  }

  #answer(entry: JobEntry<Job, Reply>, end: JobEnd<Reply>): void {
    entry.resolve(end);
    this.#ended();
  }

  #ended(): void {
    this.#pending--;
    if (this.#pending === 0) this.#onIdle?.();
  }

  #giveUp(interrupted: readonly JobEntry<Job, Reply>[]): void {
    const error = notKept();
    for (const entry of interrupted) {
      if (entry.settled === undefined) entry.reject(error);
      else void entry.settled.then(() => entry.reject(new ExecutorError('CLOSED', KEPT)), entry.reject);
    }
    for (const lane of new Set([...this.#lanes.values(), ...this.#line])) {
      for (const entry of [...lane.again, ...lane.queue]) entry.reject(error);
    }
    this.#lanes.clear();
    this.#line = [];
  }
}

function notKept(): ExecutorError {
  return new ExecutorError('CLOSED', 'the worker shut down before the task ended: nothing of it was kept');
}
