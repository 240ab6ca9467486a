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
  /** Of what the task was given, and from its end on of what it left. */
  bytes: number;
  expires: number;
}

/** Bytes of inputs and results in all: sixteen contracts of the largest, or all results of small ones. */
const MOST_BYTES = 256 << 20;

/**
 * Tasks under way and results not yet fetched: bounded in number and bytes, those that ended first go first, and in
 * age.
 */
export class TaskRegistry {
  /** In the order in which they were started, and those that ended in that of their ends. */
  readonly #entries = new Map<string, Entry>();
  readonly #capacity: number;
  readonly #lifetime: number;
  readonly #mostBytes: number;
  #bytes = 0;

  /**
   * @param capacity how many tasks are remembered
   * @param lifetime ms for which a result can be fetched
   */
  constructor(capacity: number, lifetime: number, mostBytes = MOST_BYTES) {
    this.#capacity = capacity;
    this.#lifetime = lifetime;
    this.#mostBytes = mostBytes;
  }

  /**
   * Starts a task, unless one of this id is under way or has succeeded, or there is no room. One that failed may be
   * tried again: the id of a deployment is an address that everybody knows, and anybody's failure would block it.
   * @param bytes of its input
   */
  start(taskId: string, bytes: number, run: () => Promise<TaskResult>): Start {
    const before = this.#find(taskId);
    if (before !== undefined && before.status !== 'FAILED') return 'known';
    this.#remove(taskId);
    this.#makeRoom(bytes);
    // However large, one task alone is taken.
    if (this.#entries.size > 0 && this.#isCrowded(bytes)) return 'full';
    const settle = (status: TaskStatus, outcome: Pick<Entry, 'result' | 'error'>) => {
      this.#remove(taskId);
      const left = { bytes: sizeOf(outcome.result), expires: performance.now() + this.#lifetime };
      this.#makeRoom(left.bytes);
      this.#add(taskId, Object.assign(entry, outcome, left, { status }));
    };
    const done = run().then(
      (result) => settle(result.status, { result }),
      (error: unknown) =>
        settle('FAILED', { error: error instanceof Error ? error : new Error('the worker failed') }),
    );
    const entry: Entry = { status: 'INPROGRESS', done, bytes, expires: Number.POSITIVE_INFINITY };
    this.#add(taskId, entry);
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

  #add(taskId: string, entry: Entry): void {
    this.#entries.set(taskId, entry);
    this.#bytes += entry.bytes;
  }

  #remove(taskId: string): void {
    this.#bytes -= this.#entries.get(taskId)?.bytes ?? 0;
    this.#entries.delete(taskId);
  }

  /** Lets go of what is too old, and of as many ended tasks as there must be room for one more. */
  #makeRoom(bytes: number): void {
    const now = performance.now();
    for (const [taskId, { status, expires }] of this.#entries) {
      if (expires <= now || (status !== 'INPROGRESS' && this.#isCrowded(bytes))) this.#remove(taskId);
    }
  }

  #isCrowded(bytes: number): boolean {
    return this.#entries.size >= this.#capacity || this.#bytes + bytes > this.#mostBytes;
  }
}

function sizeOf(result: TaskResult | undefined): number {
  if (result === undefined) return 0;
  const { output, ethereumPayload = '', delta } = result;
  return output.length + ethereumPayload.length + (delta?.data?.length ?? 0);
}
