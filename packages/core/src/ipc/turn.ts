/** How long, in ms, messages may be taken without giving timers, commits and executors their turn. */
const SLICE = 2;

/**
 * Shares the event loop between the socket and everything else.
 *
 * A single peer in lockstep waits mostly for this process to wake up, so after its request the loop is kept turning
 * for a moment: that doubles its rate. With several peers there is always work and nothing to gain.
 */
export class Turn {
  readonly #spin: number;
  #open = false;
  #stopped = false;
  #start = 0;
  #lastMessage = 0;
  #alone = false;
  #lastPeer: Uint8Array | undefined;
  readonly #end = (): void => {
    this.#open = false;
    if (!this.#alone || this.#stopped) return;
    this.#start = performance.now();
    if (this.#start - this.#lastMessage < this.#spin) this.#open = this.#schedule();
  };

  constructor(spin: number) {
    this.#spin = spin;
  }

  /** A message of this peer has arrived. */
  began(peer: Uint8Array | undefined): void {
    const now = performance.now();
    this.#alone = samePeer(peer, this.#lastPeer);
    this.#lastPeer = peer;
    this.#lastMessage = now;
    if (this.#open) return;
    this.#start = now;
    this.#open = this.#schedule();
  }

  /** Whether others have waited long enough. */
  overdue(): boolean {
    return this.#open && performance.now() - this.#start > SLICE;
  }

  /** Resolves when others had their turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  /** Lets the process sleep. */
  stop(): void {
    this.#stopped = true;
  }

  #schedule(): boolean {
    setImmediate(this.#end);
    return true;
  }
}

function samePeer(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
