import type { Logger } from '@enigma-worker/host';
import type { Database } from './database.js';
import type { Writes } from './writes.js';

/** Clears away what was dropped, a little at a time: nobody waits for it. Goes on where it was after a restart. */
export class Sweeper {
  readonly #db: Database;
  readonly #writes: Writes;
  readonly #logger: Logger;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(db: Database, writes: Writes, logger: Logger) {
    this.#db = db;
    this.#writes = writes;
    this.#logger = logger;
    this.start();
  }

  /** Sweeps in the background until nothing is left. */
  start(): void {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** Stops soon; the rest is swept after the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const [id] = this.#isStopped ? [] : this.#db.keys('dropped', { limit: 1 });
        if (id === undefined) return;
        await this.#db.write(() => this.#writes.sweep(id));
      }
    } catch (error) {
      // Nothing depends on it: what is left is deleted later.
      this.#logger.warn({ error }, 'what was dropped is not cleared away');
    }
  }
}
