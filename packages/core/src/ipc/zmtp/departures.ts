/** Something with bytes to hand to the system. */
export interface Departing {
  flush(): void;
}

/**
 * Lets the replies of one turn of the event loop leave one right after the other. Peers in lockstep then get theirs
 * together and ask together, which costs both sides fewer wake-ups than a reply here and a reply there.
 */
export class Departures {
  #waiting: Departing[] = [];
  readonly #leave = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const departing of waiting) departing.flush();
  };

  /** Flushes it before the turn ends. */
  add(departing: Departing): void {
    if (this.#waiting.push(departing) === 1) setImmediate(this.#leave);
  }
}
