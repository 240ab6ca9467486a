import { Worker } from 'node:worker_threads';
import type { Logger } from '@enigma-worker/host';
import type { CommitThreadSetup, FromCommitThread, ToCommitThread } from './commits/messages.js';
import { encodeOperation, type Operation } from './commits/operation-codec.js';
import { StoreError } from './errors.js';
import type { CommitObserver } from './store.js';

interface Waiting {
  readonly resolve: (refused: readonly number[]) => void;
  readonly reject: (error: StoreError) => void;
}

/** What a commit thread is given. */
export interface CommitThreadModules {
  readonly folder: string;
  readonly observer: CommitObserver | undefined;
  readonly logger: Logger;
  /** Lets the main thread see what was stored: called before anybody is told of it. */
  readonly refresh: () => void;
}

const NONE: readonly number[] = [];

/** Its heap's young generation in MiB: what a commit leaves dies at once. */
const YOUNG_GENERATION_MB = 6;

/**
 * A thread that does nothing but commit: while the disk is at work it waits, and the main thread does not; and when
 * the disk is done, the next transaction begins without waiting for a turn of the main thread.
 */
export class CommitThread {
  readonly #modules: CommitThreadModules;
  readonly #worker: Worker;
  /** By number; the free ones are in {@link #free}. */
  readonly #waiting: (Waiting | undefined)[] = [];
  readonly #free: number[] = [];
  #inFlight = 0;
  #isReady = false;
  #isEnded = false;
  #isClosing = false;
  #numbers: number[] = [];
  #operations: Uint8Array<ArrayBuffer>[] = [];

  constructor(modules: CommitThreadModules) {
    this.#modules = modules;
    const workerData: CommitThreadSetup = { folder: modules.folder };
    this.#worker = new Worker(new URL('commits/thread.js', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromCommitThread) => this.#receive(message));
    let failure: Error | undefined;
    this.#worker.on('error', (error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on('exit', () => this.#end(failure));
  }

  /** Whether it takes operations. */
  get isReady(): boolean {
    return this.#isReady && !this.#isClosing && !this.#isEnded;
  }

  /** Operations that are not answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Does an operation, only when it {@link isReady}; the positions of its deltas that were refused because other ones
   * have their places.
   * @throws StoreError
   */
  commit(operation: Operation): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      const number = this.#free.pop() ?? this.#waiting.length;
      this.#waiting[number] = { resolve, reject };
      this.#inFlight++;
      this.#numbers.push(number);
      this.#operations.push(encodeOperation(operation));
      // What comes in one turn travels in one message.
      if (this.#numbers.length === 1) queueMicrotask(() => this.#send());
    });
  }

  /** Lets it finish what it was given, and ends it. */
  async close(): Promise<void> {
    if (this.#isEnded) return;
    this.#isClosing = true;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.ref();
    // What came in this very turn goes before.
    this.#send();
    this.#post('close');
    await exited;
  }

  #send(): void {
    if (this.#numbers.length === 0) return;
    const [numbers, operations] = [this.#numbers, this.#operations];
    this.#numbers = [];
    this.#operations = [];
    this.#post(
      { numbers, operations },
      operations.map(({ buffer }) => buffer),
    );
  }

  #post(message: ToCommitThread, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromCommitThread): void {
    if (message === 'ready') {
      this.#isReady = true;
      return;
    }
    const { observer, refresh } = this.#modules;
    refresh();
    for (const { seconds, operations } of message.flushes) observer?.committed(seconds, operations);
    for (let failures = message.failures; failures > 0; failures--) observer?.failed();
    for (const number of message.stored) this.#take(number)?.resolve(NONE);
    for (const { number, refused } of message.partly) this.#take(number)?.resolve(refused);
    for (const { number, code, message: text } of message.failed)
      this.#take(number)?.reject(new StoreError(code, text));
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting[number];
    this.#waiting[number] = undefined;
    this.#free.push(number);
    this.#inFlight--;
    return waiting;
  }

  /** Should it end by itself, nobody knows what became of its last commits: whoever asks next reads it in the store. */
  #end(failure: Error | undefined): void {
    this.#isEnded = true;
    if (!this.#isClosing)
      this.#modules.logger.error({ error: failure?.message ?? 'exit' }, 'the thread that commits has ended');
    this.#modules.refresh();
    for (const waiting of this.#waiting)
      waiting?.reject(new StoreError('IO', 'the thread that commits has ended unexpectedly'));
    this.#waiting.length = 0;
    this.#inFlight = 0;
  }
}
