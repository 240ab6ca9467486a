interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Values by key, bounded in bytes: the one that was not used for longest goes first. */
export class ByteLru<Value> {
  readonly #capacity: number;
  // A Map keeps the order of insertion: what is used is inserted again, so the first is the oldest.
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;
  #newest: string | undefined;

  /** @param capacity in bytes; a value larger than this is kept while it is the newest */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many values are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, which becomes the newest. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (key !== this.#newest) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#newest = key;
    }
    return entry.value;
  }

  /** Keeps a value, in place of an earlier one, and lets go of the oldest until there is room. */
  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    this.#entries.set(key, { value, bytes });
    this.#newest = key;
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#capacity || oldest === key) break;
      this.delete(oldest);
    }
  }

  /** Lets go of a value. */
  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
