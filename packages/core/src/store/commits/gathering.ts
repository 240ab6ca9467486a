/** How long one wait for more commits lasts, in ms: less than the flush that it may save. */
const WAIT_MS = 0.25;
/** How fast large groups are forgotten, at each commit. */
const FORGETTING = 0.9;

/**
 * Waits a moment before a flush that would serve far fewer tasks than others did shortly before: under load the rest
 * of them is on its way, and the processor that a flush takes is missing elsewhere. Blocks its thread.
 */
export class Gathering {
  readonly #word = new Int32Array(new SharedArrayBuffer(4));
  #usual = 0;

  /** Waits if that is worth it; false if it is not. */
  wait(pending: number): boolean {
    if (2 * pending >= this.#usual) return false;
    // Nobody calls it: it just sleeps, which timers cannot for less than a millisecond.
    Atomics.wait(this.#word, 0, 0, WAIT_MS);
    return true;
  }

  /** To be told of how many commits shared a flush. */
  committed(count: number): void {
    this.#usual = Math.max(count, FORGETTING * this.#usual);
  }
}
