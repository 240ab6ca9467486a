import type { Executor, Posted } from './executor.js';
import type { LossReason } from './pool.js';

/** What a job must have to run in a lane. */
export interface LaneJob {
  /**
   * Set by the lanes: everything that earlier jobs of the lane changed is settled. The thread must
   * refuse a job that is not fresh once an earlier job of its lane changed something.
   */
  fresh: boolean;
}

/**
 * What follows from a reply. `done`: nothing. `again`: the thread refused the job, because an
 * earlier one must be settled first. Else `work` must be done before the next job of the lane
 * begins, and the job's own answer follows it, or the job is repeated.
 */
export type Settlement = 'done' | 'again' | { readonly work: () => Promise<void>; readonly repeat: boolean };

/** How a job ended: answered, or begun and lost with its thread. */
export type JobEnd<Reply> =
  { readonly kind: 'reply'; readonly reply: Reply } | { readonly kind: 'lost'; readonly reason: LossReason };

/** A job on its way. */
export interface JobEntry<Job, Reply> extends Posted<Job> {
  readonly sequence: number;
  readonly lane: Lane<Job, Reply>;
  readonly settle: (reply: Reply) => Settlement;
  /** Completes the job with what it needs as that is when its turn comes; called again when it is repeated. */
  readonly prepare: (() => void) | undefined;
  readonly resolve: (end: JobEnd<Reply>) => void;
  readonly reject: (error: unknown) => void;
  /** Set when the job told something that has to be settled: ends with that. */
  settled: Promise<void> | undefined;
  /** How often a thread that held it ended before it began anything. */
  stillbirths: number;
}

/** Holds a lane while something else touches what belongs to it. */
export interface Gate {
  readonly reached: () => void;
  readonly reject: (error: unknown) => void;
}

/** What runs in order. */
export interface Lane<Job, Reply> {
  readonly key: string;
  readonly queue: (JobEntry<Job, Reply> | Gate)[];
  /** Jobs that came back and run again, once the lane is settled. */
  readonly again: JobEntry<Job, Reply>[];
  inFlight: number;
  /** No new job begins until those in flight have come back. */
  draining: boolean;
  /** Settlements and gates that hold the lane. */
  holds: number;
  fresh: boolean;
  /** Whether it stands in the line of lanes that wait for an executor. */
  waiting: boolean;
  executor: Executor<Job, Reply, JobEntry<Job, Reply>> | undefined;
}

/** A lane without anything in it. */
export function emptyLane<Job, Reply>(key: string): Lane<Job, Reply> {
  return {
    key,
    queue: [],
    again: [],
    inFlight: 0,
    draining: false,
    holds: 0,
    fresh: true,
    waiting: false,
    executor: undefined,
  };
}

/** Spreads lanes over executors: keys are hashes, so any part of them serves. */
export function homeOf(key: string): number {
  return key.charCodeAt(0) * 256 + key.charCodeAt(1);
}

/** Whether nothing is in a lane, nor holds it. */
export function isIdle<Job, Reply>({ queue, again, inFlight, holds }: Lane<Job, Reply>): boolean {
  return queue.length === 0 && again.length === 0 && inFlight === 0 && holds === 0;
}
