/** What a {@link ReplyWatch} looks after. */
export interface Watched {
  /** Takes in what has arrived; false when nothing had. */
  poll(): boolean;
  /** How many replies are still to arrive. */
  pending(): number;
}

/** Up to so many jobs under way, looking for replies beats being woken: nobody needs the processor more. */
const SPIN_JOBS = 1;
/** Unless there were more so short a time ago, in ms: then the others are on their way, and need it. */
const CROWD_MS = 20;

/**
 * Decides how the main thread learns of replies. While jobs come one at a time it looks once every
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
  #crowdedUntil = 0;
  #scheduled = false;

  constructor(watched: Watched, spinMs: number) {
    this.#watched = watched;
    this.#spinMs = spinMs;
  }

  /** To be called after a job was posted. */
  posted(): void {
    const now = performance.now();
    this.#spinUntil = now + this.#spinMs;
    if (this.#watched.pending() > SPIN_JOBS) this.#crowdedUntil = now + CROWD_MS;
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
    const now = performance.now();
    if (pending <= SPIN_JOBS && now < this.#spinUntil && now > this.#crowdedUntil) {
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
