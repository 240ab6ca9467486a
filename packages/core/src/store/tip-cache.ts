import { bytesKey } from './bytes-key.js';
import type { DeltaEntry } from './records.js';

/** What an entry takes besides its delta, about. */
const OVERHEAD = 1000;

/** Tips of contracts in memory, bounded in bytes: the one that was not used for longest goes first. */
export class TipCache {
  readonly #capacity: number;
  // A Map keeps the order of insertion: what is used is inserted again, so the first is the oldest.
  readonly #tips = new Map<string, DeltaEntry>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How often {@link get} found a tip. */
  get hits(): number {
    return this.#hits;
  }

  /** How often it did not. */
  get misses(): number {
    return this.#misses;
  }

  get(address: Uint8Array): DeltaEntry | undefined {
    const key = bytesKey(address);
    const tip = this.#tips.get(key);
    if (tip === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    this.#tips.delete(key);
    this.#tips.set(key, tip);
    return tip;
  }

  set(tip: DeltaEntry): void {
    const key = bytesKey(tip.address);
    this.#delete(key);
    this.#tips.set(key, tip);
    this.#bytes += tip.data.length + OVERHEAD;
    for (const oldest of this.#tips.keys()) {
      if (this.#bytes <= this.#capacity) break;
      this.#delete(oldest);
    }
  }

  delete(address: Uint8Array): void {
    this.#delete(bytesKey(address));
  }

  #delete(key: string): void {
    const tip = this.#tips.get(key);
    if (tip === undefined) return;
    this.#tips.delete(key);
    this.#bytes -= tip.data.length + OVERHEAD;
  }
}
