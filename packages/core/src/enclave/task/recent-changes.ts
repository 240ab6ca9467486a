import { SLOT_COUNT } from '../../executors/slots.js';
import { bytesKey } from '../../bytes/bytes-key.js';

/**
 * Which contracts a thread must not run on until the main thread has stored what changed. A thread
 * holds at most as many jobs as it has slots, so what lies further back has been settled.
 */
export class RecentChanges {
  readonly #recent: string[] = Array.from({ length: SLOT_COUNT }, () => '');

  /** Whether a job must be refused. Called once for each job, before it runs. */
  refuses(address: Uint8Array, fresh: boolean): boolean {
    const name = bytesKey(address);
    const refused = !fresh && this.#recent.includes(name);
    this.#push(refused ? name : '');
    return refused;
  }

  /** Notes that the job that just ran changed something, or waits for a change. */
  note(address: Uint8Array): void {
    this.#recent[SLOT_COUNT - 1] = bytesKey(address);
  }

  #push(name: string): void {
    this.#recent.shift();
    this.#recent.push(name);
  }
}
