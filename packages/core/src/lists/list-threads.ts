import type { Logger } from '@enigma-worker/host';
import { ListThread } from './list-thread.js';
import type { ReadingSetup } from './reading/messages.js';

/**
 * Threads that answer requests for long lists, so that nobody else waits meanwhile. The first is started by the first
 * list, which is answered without it; another one when a list comes while all of them are at work.
 */
export class ListThreads implements AsyncDisposable {
  readonly #setup: ReadingSetup;
  readonly #most: number;
  readonly #log: Logger;
  #threads: ListThread[] = [];
  #isClosed = false;

  /** @param most threads at a time */
  constructor(setup: ReadingSetup, most: number, log: Logger) {
    this.#setup = setup;
    this.#most = most;
    this.#log = log;
  }

  /** The reply to a request for a list, as `ListThread.reply`; none when no thread is there for it yet. @throws StoreError */
  reply(frame: Uint8Array): Promise<Uint8Array> | undefined {
    let least: ListThread | undefined;
    for (const thread of this.#threads)
      if (thread.isReady && (least === undefined || thread.load < least.load)) least = thread;
    const isStarting = this.#threads.some(({ isReady }) => !isReady);
    if (!isStarting && (least === undefined || least.load > 0)) this.#start();
    return least?.reply(frame);
  }

  /** To be told of replies that have left, whoever made them. */
  sent(reply: Uint8Array): void {
    for (const thread of this.#threads) if (thread.sent(reply)) return;
  }

  /** Ends the threads, once nobody waits for them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): void {
    if (this.#isClosed || this.#threads.length >= this.#most) return;
    const thread = new ListThread(this.#setup, (failure) => {
      this.#threads = this.#threads.filter((each) => each !== thread);
      if (failure !== undefined)
        this.#log.error({ error: failure.message }, 'a thread that reads lists has ended');
    });
    this.#threads.push(thread);
  }
}
