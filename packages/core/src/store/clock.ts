import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long, in ms, work on many things holds the thread before it lets others go on. */
const TURN_MS = 2;
/** How many things are done between two looks at the clock. */
const CLOCK_INTERVAL = 32;

/** Tells when work on many things has held the thread for long enough. */
export class Clock {
  #entries = 0;
  #turnEnd = performance.now() + TURN_MS;

  /** To be asked once a thing. */
  get isTurnOver(): boolean {
    this.#entries++;
    return this.#entries % CLOCK_INTERVAL === 0 && performance.now() > this.#turnEnd;
  }

  /** Lets others go on. */
  async nextTurn(): Promise<void> {
    await nextTurn();
    this.#turnEnd = performance.now() + TURN_MS;
  }
}
