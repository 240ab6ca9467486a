/** What a {@link ReplyWatch} looks after. */
export interface Watched {
  /** Takes in what has arrived; false when nothing had. */
  poll(): boolean;
  /** Whether anything is still to arrive. */
  pending(): boolean;
}

/**
 * Decides how the main thread learns of replies. While jobs are under way it looks once every turn
 * of the event loop, which costs nothing when it is busy with sockets and beats any wake-up when it
 * is not; after `spinMs` without a reply it asks to be woken by a message instead.
 */
export class ReplyWatch {
  /** One 32-bit word shared with the threads: 1 asks them to ring. */
  readonly bell = new SharedArrayBuffer(4);
  readonly #word = new Int32Array(this.bell);
  readonly #watched: Watched;
  readonly #spinMs: number;
  #spinUntil = 0;
  #spinning = false;

  constructor(watched: Watched, spinMs: number) {
    this.#watched = watched;
    this.#spinMs = spinMs;
  }

  /** To be called after a job was posted and whenever a thread rings. */
  wake(): void {
    this.#spinUntil = performance.now() + this.#spinMs;
    if (this.#spinning) return;
    this.#spinning = true;
    Atomics.store(this.#word, 0, 0);
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const progress = this.#watched.poll();
    if (!this.#watched.pending()) {
      this.#spinning = false;
      return;
    }
    const now = performance.now();
    if (progress) this.#spinUntil = now + this.#spinMs;
    if (now < this.#spinUntil) {
      setImmediate(this.#turn);
      return;
    }
    // From here on threads ring; a reply that came just before is seen by the last look.
    Atomics.store(this.#word, 0, 1);
    this.#spinning = false;
    if (this.#watched.poll()) this.wake();
  };
}
