/** How long one wait for more operations lasts, in ms: a few of them come in that time. */
const WAIT_MS = 0.05;
/** So often it waits before one flush: all in all for less time than the flush that it may save. */
const MOST_WAITS = 4;
/** A flush for so small a part of what others served may be too early. */
const SMALL_PART = 1 / 3;
/** How fast large groups are forgotten, at each commit. */
const FORGETTING = 0.9;

/**
 * Waits a moment before a flush that would serve far fewer operations than others did shortly before: under load the
 * rest of them is on its way, and the processor that a flush takes is missing elsewhere. Blocks its thread.
 */
export class Gathering {
  readonly #word = new Int32Array(new SharedArrayBuffer(4));
  #usual = 0;
  #waits = 0;

  /** Waits if that is worth it; false if it is not. To be asked again as long as it did. */
  wait(pending: number): boolean {
    if (this.#waits === MOST_WAITS || pending >= SMALL_PART * this.#usual) {
      this.#waits = 0;
      return false;
    }
    this.#waits++;
    // Nobody calls it: it just sleeps, which timers cannot for less than a millisecond.
    Atomics.wait(this.#word, 0, 0, WAIT_MS);
    return true;
  }

  /** To be told of how many operations shared a flush. */
  committed(count: number): void {
    this.#usual = Math.max(count, FORGETTING * this.#usual);
  }
}
