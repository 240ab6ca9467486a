import { CommitThread, type CommitThreadModules } from './commit-thread.js';
import type { Operation } from './commits/operation-codec.js';

/** For so long after two operations met, more of that is expected. */
const CROWD_MS = 100;

/**
 * Decides where operations are committed. Whoever is alone has its commit done in the main thread: no thread has to be
 * woken for it. Where many come at a time, a thread of its own commits, which is started when that first happens.
 */
export class Committer {
  readonly #here: (operation: Operation) => Promise<readonly number[]>;
  readonly #modules: CommitThreadModules | undefined;
  #thread: CommitThread | undefined;
  #inFlightHere = 0;
  #crowdedUntil = 0;

  /**
   * @param here commits in the main thread
   * @param modules of the thread; none for a store that has to be written by the main thread
   */
  constructor(
    here: (operation: Operation) => Promise<readonly number[]>,
    modules: CommitThreadModules | undefined,
  ) {
    this.#here = here;
    this.#modules = modules;
  }

  /** Commits an operation; the positions of its deltas that were refused. @throws StoreError */
  async commit(operation: Operation): Promise<readonly number[]> {
    const thread = this.#threadForThis();
    if (thread !== undefined) return await thread.commit(operation);
    this.#inFlightHere++;
    try {
      return await this.#here(operation);
    } finally {
      this.#inFlightHere--;
    }
  }

  /** Waits for what is under way, and ends the thread. */
  async close(): Promise<void> {
    await this.#thread?.close();
  }

  #threadForThis(): CommitThread | undefined {
    if (this.#modules === undefined) return undefined;
    const isCrowded = this.#inFlightHere + (this.#thread?.inFlight ?? 0) > 0;
    const now = performance.now();
    if (isCrowded) {
      this.#crowdedUntil = now + CROWD_MS;
      this.#thread ??= new CommitThread(this.#modules);
    } else if (now > this.#crowdedUntil) {
      return undefined;
    }
    return this.#thread?.isReady === true ? this.#thread : undefined;
  }
}
