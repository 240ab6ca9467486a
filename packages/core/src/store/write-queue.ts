import { setTimeout as delay } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';
import type { CommitLog } from './commit-log.js';
import type { Gathering } from './commits/gathering.js';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';
import { DiskRoom, isDiskFull } from './full-disk.js';
import type { CommitObserver } from './store.js';

interface Pending {
  /** Runs inside the transaction; what it returns settles the promise once that is committed, or has failed. */
  readonly run: () => Settle;
  readonly fail: (error: StoreError) => void;
}

type Settle = () => void;

/** Who is told of commits, and where and how they are made; see `DatabaseModules`. */
export interface WriteQueueModules {
  readonly observer?: CommitObserver | undefined;
  readonly log?: CommitLog | undefined;
  readonly commits?: 'here' | 'elsewhere';
  readonly gathering?: Gathering;
}

/** A disk that answers faster than this, in ms, may be waited for: everybody else waits no longer than for any other turn. */
const FAST_COMMIT_MS = 2;
/** As many operations share a transaction, so that others get their turn in between. */
const MOST_SHARED = 1024;

/**
 * Gathers operations into transactions: all that come in one turn of the event loop, or while a commit
 * is under way, share the next one and its flush to disk.
 */
export class WriteQueue {
  readonly #root: RootDatabase<Buffer, Uint8Array>;
  readonly #folder: string;
  readonly #observer: CommitObserver | undefined;
  readonly #log: CommitLog | undefined;
  readonly #alwaysHere: boolean;
  /** None where the file has all its room from the start. */
  readonly #room: DiskRoom | undefined;
  readonly #gathering: Gathering | undefined;
  #pending: Pending[] = [];
  #pump: Promise<void> | undefined;
  /** Whether the operation that runs now has written. */
  #touched = false;
  #lonely = false;
  #commitMs = Number.POSITIVE_INFINITY;

  constructor(
    root: RootDatabase<Buffer, Uint8Array>,
    folder: string,
    { observer, log, commits, gathering }: WriteQueueModules,
  ) {
    this.#root = root;
    this.#folder = folder;
    this.#observer = observer;
    this.#log = log;
    this.#gathering = gathering;
    this.#room = log === undefined ? new DiskRoom(folder) : undefined;
    this.#alwaysHere = commits === 'here' || log !== undefined;
  }

  /**
   * To be called before each change that an operation makes.
   * @param bytes of the value that is stored; none for a deletion
   * @throws StoreError `DISK_FULL`
   */
  touch(bytes?: number): void {
    this.#touched = true;
    this.#room?.take(bytes);
  }

  /** Runs an operation in the next transaction; resolves when that is on the disk. */
  run<T>(operation: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): Settle => {
        this.#touched = false;
        try {
          const result = operation();
          return () => resolve(result);
        } catch (error) {
          // Half an operation must not be committed: the whole transaction is undone.
          if (this.#touched) throw error;
          return () => reject(error);
        }
      };
      this.#pending.push({ run, fail: reject });
      this.#pump ??= this.#work();
    });
  }

  /** Runs an operation in a transaction of its own, here and now: when nothing else is under way. */
  runNow(operation: () => void): void {
    this.#room?.begin();
    try {
      this.#commitHere(operation);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Waits until everything is written. */
  async close(): Promise<void> {
    await this.#pump;
  }

  async #work(): Promise<void> {
    while (this.#pending.length > 0) {
      // Let the rest of this turn of the event loop join.
      await new Promise(setImmediate);
      while (this.#gathering?.wait(this.#pending.length) === true) await new Promise(setImmediate);
      await this.#commit();
    }
    this.#pump = undefined;
  }

  /**
   * Commits all that is pending when the transaction begins: what comes while the disk is asked for it, joins too.
   * @param take what to commit instead
   */
  async #commit(take = (): readonly Pending[] => this.#takePending()): Promise<void> {
    let batch: readonly Pending[] | undefined;
    let settle: Settle[] = [];
    const runAll = (): void => {
      batch = take();
      this.#room?.begin();
      settle = batch.map(({ run }) => run());
    };
    const start = performance.now();
    try {
      if (this.#commitsHere()) this.#commitHere(runAll);
      else await this.#commitAsync(runAll);
      this.#commitMs = performance.now() - start;
      this.#gathering?.committed(settle.length);
      this.#observer?.committed(this.#commitMs / 1000, settle.length);
    } catch (error) {
      await this.#failed(batch ?? take(), error);
      return;
    }
    for (const done of settle) done();
  }

  #takePending(): readonly Pending[] {
    if (this.#pending.length > MOST_SHARED) return this.#pending.splice(0, MOST_SHARED);
    const batch = this.#pending;
    this.#pending = [];
    return batch;
  }

  /** A lone writer waits for the disk anyway: with a fast one, doing it here saves two changes of thread. */
  #commitsHere(): boolean {
    const wasLonely = this.#lonely;
    this.#lonely = this.#pending.length === 1;
    return this.#alwaysHere || (wasLonely && this.#lonely && this.#commitMs < FAST_COMMIT_MS);
  }

  /** What cannot be stored takes nothing with it that can: each gets a transaction of its own. */
  async #failed(batch: readonly Pending[], error: unknown): Promise<void> {
    if (batch.length > 1) for (const one of batch) await this.#commit(() => [one]);
    else this.#fail(batch[0], error);
  }

  #commitHere(runAll: () => void): void {
    let isCommitted = false;
    try {
      this.#root.transactionSync(() => {
        runAll();
        this.#log?.write();
      });
      isCommitted = true;
    } finally {
      this.#log?.end(isCommitted);
    }
  }

  async #commitAsync(runAll: () => void): Promise<void> {
    try {
      // A child transaction is undone when it throws; the outer one would commit what was done so far.
      await this.#root.childTransaction(runAll);
    } catch (error) {
      // The binding tells the cause by another promise, soon after.
      const cause = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
      await Promise.race([cause, delay(1000, undefined, { ref: false })]);
      throw error;
    }
  }

  #fail(one: Pending | undefined, error: unknown): void {
    this.#observer?.failed();
    one?.fail(this.#explain(error));
  }

  #explain(error: unknown): StoreError {
    const failure = toStoreError('nothing was stored', error);
    if (failure.code !== 'IO' || !isDiskFull(this.#folder)) return failure;
    // The database reports a write that was cut short for want of room as a plain input/output error.
    return new StoreError('DISK_FULL', 'nothing was stored: no room is left on the disk', { cause: error });
  }
}
