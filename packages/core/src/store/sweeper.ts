import type { Logger } from '../log.js';
import { bytesKey } from '../bytes/bytes-key.js';
import { ADDRESS_LENGTH } from './buckets.js';
import type { Database } from './database.js';
import type { Writes } from './writes.js';

/**
 * Clears away what was dropped, a little at a time: whatever its size, nobody waits for it. The exception
 * is who writes to the address of a removed contract, whose deltas must be gone before new ones come. Goes on
 * where it was after a restart.
 */
export class Sweeper {
  readonly #db: Database;
  readonly #writes: Writes;
  readonly #logger: Logger;
  /** Addresses of contracts that are being removed, or whose deltas are not all gone yet. */
  readonly #removing = new Set<string>();
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(db: Database, writes: Writes, logger: Logger) {
    this.#db = db;
    this.#writes = writes;
    this.#logger = logger;
    for (const id of db.keys('dropped')) if (id.length === ADDRESS_LENGTH) this.#removing.add(bytesKey(id));
    this.start();
  }

  /** Removes a contract: from then on nobody sees it, and its address is not written until all of it is gone. */
  async remove(address: Uint8Array): Promise<void> {
    while (this.isBusy([address])) await this.ready([address]);
    const name = bytesKey(address);
    this.#removing.add(name);
    let isLeft = false;
    try {
      isLeft = await this.#db.write(() => this.#writes.removeContract(address));
    } finally {
      if (!isLeft) this.#removing.delete(name);
    }
    this.start();
  }

  /** Whether some of these addresses cannot be written yet: see {@link ready}. */
  isBusy(addresses: readonly Uint8Array[]): boolean {
    return this.#removing.size > 0 && addresses.some((address) => this.#removing.has(bytesKey(address)));
  }

  /** Waits until all that was stored under some addresses before they were removed is gone. @throws StoreError */
  async ready(addresses: readonly Uint8Array[]): Promise<void> {
    while (this.isBusy(addresses)) {
      for (const address of addresses) {
        // Its turn in the queue comes after that of a removal which is on its way there.
        const isDone = await this.#db.write(() => !this.#writes.sweep(address));
        if (isDone) this.#removing.delete(bytesKey(address));
      }
    }
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
        const isLeft = await this.#db.write(() => this.#writes.sweep(id));
        if (!isLeft) this.#removing.delete(bytesKey(id));
      }
    } catch (error) {
      // Nothing depends on it: what is left is deleted later.
      this.#logger.warn({ error }, 'what was dropped is not cleared away');
    }
  }
}
