/** An entry in a ring that is ordered by use; the ring itself begins and ends at an entry without a key. */
class Entry<Value> {
  readonly key: string;
  value: Value | undefined;
  bytes = 0;
  newer: Entry<Value> = this;
  older: Entry<Value> = this;

  constructor(key: string) {
    this.key = key;
  }

  /** Takes the place of the newest in a ring. */
  enter(ends: Entry<Value>): void {
    this.newer = ends;
    this.older = ends.older;
    ends.older.newer = this;
    ends.older = this;
  }

  /** Leaves the ring, and holds on to nothing that stays there. */
  leave(): void {
    this.newer.older = this.older;
    this.older.newer = this.newer;
    this.newer = this;
    this.older = this;
  }
}

/**
 * Values by key, bounded in bytes: the one that was not used for longest goes first. The order is kept in a ring and
 * not in that of a Map: to take an entry out of a Map and put it back at each use makes garbage that V8 keeps alive,
 * see `Roster`.
 */
export class ByteLru<Value> {
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry<Value>>();
  /** Its `older` is the newest entry, its `newer` the oldest. */
  readonly #ends = new Entry<Value>('');
  #bytes = 0;

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

  /** The value that was not used for longest. */
  get oldest(): Value | undefined {
    return this.#ends.newer.value;
  }

  /** The value of a key, which becomes the newest. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#renew(entry);
    return entry.value;
  }

  /** Keeps a value, in place of an earlier one, and lets go of the oldest until there is room. */
  set(key: string, value: Value, bytes: number): void {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new Entry<Value>(key);
      this.#entries.set(key, entry);
    }
    this.#bytes += bytes - entry.bytes;
    entry.value = value;
    entry.bytes = bytes;
    this.#renew(entry);
    for (let oldest = this.#ends.newer; this.#bytes > this.#capacity && oldest !== entry;) {
      this.#remove(oldest);
      oldest = this.#ends.newer;
    }
  }

  /** Lets go of a value. */
  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Lets go of the value that was not used for longest. */
  deleteOldest(): void {
    if (this.#entries.size > 0) this.#remove(this.#ends.newer);
  }

  /** Lets go of everything. */
  clear(): void {
    for (const entry of this.#entries.values()) this.#remove(entry);
  }

  #renew(entry: Entry<Value>): void {
    if (this.#ends.older === entry) return;
    entry.leave();
    entry.enter(this.#ends);
  }

  #remove(entry: Entry<Value>): void {
    entry.leave();
    this.#entries.delete(entry.key);
    this.#bytes -= entry.bytes;
  }
}
