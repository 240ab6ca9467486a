import { Worker } from 'node:worker_threads';
import { StoreError } from '../store/errors.js';
import type { FromReading, ReadingSetup, ToReading } from './reading/messages.js';

interface Waiting {
  readonly resolve: (reply: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** Its heap's young generation in MiB: what a list leaves dies at once. */
const YOUNG_GENERATION_MB = 6;

/** A thread that reads long lists and writes the text of their replies. */
export class ListThread {
  readonly #worker: Worker;
  #isReady = false;
  #isClosing = false;
  #number = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** The memory of its replies, while they leave. */
  readonly #lent = new WeakSet<ArrayBufferLike>();

  /**
   * Starts the thread.
   * @param onExit called when it has ended, with the reason unless it was closed
   */
  constructor(setup: ReadingSetup, onExit: (failure: Error | undefined) => void) {
    this.#worker = new Worker(new URL('reading/thread.js', import.meta.url), {
      workerData: setup,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromReading) => this.#receive(message));
    let failure = new Error('it ended by itself');
    this.#worker.on('error', (error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on('exit', () => {
      this.#end();
      onExit(this.#isClosing ? undefined : failure);
    });
  }

  /** Whether it takes requests. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Requests that are not answered. */
  get load(): number {
    return this.#waiting.size;
  }

  /**
   * The reply to a request for a list, only when it {@link isReady}.
   * @param frame best alone in its buffer, all of which is copied
   * @throws StoreError
   */
  reply(frame: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const number = this.#number++;
      this.#waiting.set(number, { resolve, reject });
      this.#post({ number, frame });
    });
  }

  /** To be told of replies that have left: the memory of its own is used again. False for those of others. */
  sent({ buffer }: Uint8Array): boolean {
    if (!this.#lent.delete(buffer) || !(buffer instanceof ArrayBuffer)) return false;
    this.#post({ memory: buffer }, [buffer]);
    return true;
  }

  /** Ends the thread, once nobody waits for it. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#isReady = false;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.ref();
    this.#post('close');
    await exited;
  }

  #post(message: ToReading, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromReading): void {
    if (message === 'ready') {
      this.#isReady = !this.#isClosing;
      return;
    }
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if ('reply' in message) {
      this.#lent.add(message.reply.buffer);
      waiting?.resolve(message.reply);
    } else {
      const { code, message: text } = message;
      waiting?.reject(code === undefined ? new Error(text) : new StoreError(code, text));
    }
  }

  #end(): void {
    this.#isReady = false;
    for (const { reject } of this.#waiting.values())
      reject(new StoreError('IO', 'the thread that reads lists has ended unexpectedly: ask again'));
    this.#waiting.clear();
  }
}
