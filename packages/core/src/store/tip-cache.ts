import { ByteLru } from '../collections/byte-lru.js';
import { bytesKey } from '../bytes/bytes-key.js';
import type { DeltaEntry } from './records.js';

/** What an entry takes besides its delta, about. */
const OVERHEAD = 1000;

/** Tips of contracts in memory, bounded in bytes: the one that was not used for longest goes first. */
export class TipCache {
  readonly #tips: ByteLru<DeltaEntry>;
  #hits = 0;
  #misses = 0;

  constructor(capacity: number) {
    this.#tips = new ByteLru(capacity);
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
    const tip = this.#tips.get(bytesKey(address));
    if (tip === undefined) this.#misses++;
    else this.#hits++;
    return tip;
  }

  set(tip: DeltaEntry): void {
    this.#tips.set(bytesKey(tip.address), tip, tip.data.length + OVERHEAD);
  }

  delete(address: Uint8Array): void {
    this.#tips.delete(bytesKey(address));
  }
}
