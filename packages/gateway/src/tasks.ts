import { setTimeout as sleep } from 'node:timers/promises';

/** Where a task stands. Source: docs/protocol.md, "Gateway". */
export type TaskStatus = 'INPROGRESS' | 'SUCCESS' | 'FAILED';

/** What a finished task left, ready to be sent: everything in it is ciphertext, signed, or public. */
export interface TaskResult {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly output: string;
  readonly usedGas: string;
  readonly signature: string;
  readonly delta?: { readonly key: number; readonly data?: string };
  readonly ethereumPayload?: string;
  readonly ethereumAddress?: string;
  readonly preCodeHash?: string;
}

/** What became of the wish to start a task. */
export type Start = 'started' | 'known' | 'full';

interface Entry {
  status: TaskStatus;
  result?: TaskResult;
  error?: Error;
  readonly done: Promise<void>;
  expires: number;
}

/** Tasks under way and results not yet fetched: bounded in number, the oldest finished ones go first, and in age. */
export class TaskRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #capacity: number;
  readonly #lifetime: number;

  /**
   * @param capacity how many tasks are remembered
   * @param lifetime ms for which a result can be fetched
   */
  constructor(capacity: number, lifetime: number) {
    this.#capacity = capacity;
    this.#lifetime = lifetime;
  }

  /**
   * Starts a task, unless one of this id is under way or has succeeded, or there is no room. One that failed may be
   * tried again: the id of a deployment is an address that everybody knows, and anybody's failure would block it.
   */
  start(taskId: string, run: () => Promise<TaskResult>): Start {
    if (this.#entries.get(taskId)?.status === 'FAILED') this.#entries.delete(taskId);
    this.#evict();
    if (this.#entries.has(taskId)) return 'known';
    if (this.#entries.size >= this.#capacity) return 'full';
    const settle = (status: TaskStatus, outcome: Pick<Entry, 'result' | 'error'>) => {
      Object.assign(entry, outcome, { status, expires: performance.now() + this.#lifetime });
    };
    const done = run().then(
      (result) => settle(result.status, { result }),
      (error: unknown) =>
        settle('FAILED', { error: error instanceof Error ? error : new Error('the worker failed') }),
    );
    const entry: Entry = { status: 'INPROGRESS', done, expires: Number.POSITIVE_INFINITY };
    this.#entries.set(taskId, entry);
    return 'started';
  }

  /** Where a task stands; `undefined` when it is not known (any more). */
  status(taskId: string): TaskStatus | undefined {
    return this.#find(taskId)?.status;
  }

  /** What a task left that has ended; `undefined` when it has not, is not known, or could not be run at all. */
  ended(taskId: string): TaskResult | undefined {
    return this.#find(taskId)?.result;
  }

  /**
   * The result of a task, waiting for it at most `waitMs`; `undefined` when there is none yet or it is not known.
   * @throws the worker's error when the task could not be run at all
   */
  async result(taskId: string, waitMs: number): Promise<TaskResult | undefined> {
    const entry = this.#find(taskId);
    if (entry === undefined) return undefined;
    if (waitMs > 0 && entry.status === 'INPROGRESS') {
      const stop = new AbortController();
      const elapsed = sleep(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
      await Promise.race([entry.done, elapsed]);
      stop.abort();
    }
    if (entry.error !== undefined) throw entry.error;
    return entry.result;
  }

  #find(taskId: string): Entry | undefined {
    const entry = this.#entries.get(taskId);
    return entry === undefined || entry.expires <= performance.now() ? undefined : entry;
  }

  #evict(): void {
    const now = performance.now();
    for (const [taskId, entry] of this.#entries) {
      const crowded = this.#entries.size >= this.#capacity && entry.status !== 'INPROGRESS';
      if (entry.expires <= now || crowded) this.#entries.delete(taskId);
    }
  }
}
