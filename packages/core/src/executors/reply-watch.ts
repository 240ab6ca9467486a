/** What a {@link ReplyWatch} looks after. */
export interface Watched {
  /** Takes in what has arrived; false when nothing had. */
  poll(): boolean;
  /** How many replies are still to arrive. */
  pending(): number;
}

/** Up to so many jobs under way, looking for replies beats being woken: nobody needs the processor more. */
const SPIN_JOBS = 1;

/**
 * Decides how the main thread learns of replies. While a single job is under way it looks once every
 * turn of the event loop, which beats any wake-up, for at most `spinMs`; else it has itself woken by a
 * message, of which one serves for all replies that have arrived meanwhile.
 */
export class ReplyWatch {
  /** One 32-bit word shared with the threads: 1 asks them to ring. */
  readonly bell = new SharedArrayBuffer(4);
  readonly #word = new Int32Array(this.bell);
  readonly #watched: Watched;
  readonly #spinMs: number;
  #spinUntil = 0;
  #scheduled = false;

  constructor(watched: Watched, spinMs: number) {
    this.#watched = watched;
    this.#spinMs = spinMs;
  }

  /** To be called after a job was posted. */
  posted(): void {
    this.#spinUntil = performance.now() + this.#spinMs;
    this.#schedule();
  }

  /** To be called when a thread rings. */
  rung(): void {
    if (!this.#scheduled) this.#look();
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#look();
  };

  #look(): void {
    while (this.#watched.poll()) this.#spinUntil = performance.now() + this.#spinMs;
    const pending = this.#watched.pending();
    if (pending === 0) return;
    if (pending <= SPIN_JOBS && performance.now() < this.#spinUntil) {
      this.#schedule();
      return;
    }
    // From here on threads ring; a reply that came just before is seen by the last look.
    Atomics.store(this.#word, 0, 1);
    if (this.#watched.poll()) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    Atomics.store(this.#word, 0, 0);
    setImmediate(this.#turn);
  }
}
