/** Something that holds memory for a peer. */
export interface Holder {
  /** Bytes that it holds now. */
  readonly held: number;
  /** Ends it, and lets go of all it holds. */
  destroy(): void;
}

/** Who holds less is not counted: it is the number of connections that bounds that. */
const NOTEWORTHY = 1 << 20;

/**
 * Bounds what all connections hold together: messages that are not complete, and replies that are not read. When it is
 * too much, the one that holds most is ended.
 */
export class Budget {
  readonly #bytes: number;
  readonly #large = new Set<Holder>();

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** To be called when one may hold more than before. */
  check(holder: Holder): void {
    if (holder.held < NOTEWORTHY) return;
    this.#large.add(holder);
    let total = 0;
    let most = holder;
    for (const each of this.#large) {
      const { held } = each;
      if (held < NOTEWORTHY) {
        this.#large.delete(each);
        continue;
      }
      total += held;
      if (held > most.held) most = each;
    }
    if (total > this.#bytes) most.destroy();
  }

  /** To be called when one has ended. */
  forget(holder: Holder): void {
    this.#large.delete(holder);
  }
}
