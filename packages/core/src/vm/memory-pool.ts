import { EngineError } from './engine-error.js';
import { MemorySlot } from './memory-slot.js';
import { initialPages, maximumPages } from './wasm/limits.js';

/** Pages that a slot has from the start: those of a contract, or as many as one that grows may ever have. */
export type SlotPages = typeof initialPages | typeof maximumPages;

/** The few physical memories that all contracts of a thread share: V8 reserves 10 GB of address space for each. */
export class MemoryPool {
  readonly #most: number;
  // Least recently used first.
  #slots: { readonly pages: SlotPages; readonly slot: MemorySlot }[] = [];

  /** @param most memories of each size; more contracts than this, called in turn, replace each other's data */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * The slot that a new instance should share: a new one while there may be more, else that which was not used for
   * longest.
   * @throws EngineError `MEMORY_EXHAUSTED` when there is none and none can be made
   */
  next(pages: SlotPages): MemorySlot {
    const same = this.#slots.filter((entry) => entry.pages === pages);
    const oldest = same[0]?.slot;
    if (oldest !== undefined && same.length >= this.#most) {
      this.use(oldest);
      return oldest;
    }
    try {
      const slot = new MemorySlot({ initial: pages, maximum: maximumPages });
      this.#slots.push({ pages, slot });
      return slot;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (oldest !== undefined) return oldest;
      throw new EngineError('MEMORY_EXHAUSTED', 'the system gives no memory for a contract');
    }
  }

  /** Notes that a slot is used again. */
  use(slot: MemorySlot): void {
    if (this.#slots.at(-1)?.slot === slot) return;
    const index = this.#slots.findIndex((entry) => entry.slot === slot);
    const [entry] = index < 0 ? [] : this.#slots.splice(index, 1);
    if (entry !== undefined) this.#slots.push(entry);
  }

  /** Empties all memories and lets go of them. */
  clear(): void {
    for (const { slot } of this.#slots) slot.wipe();
    this.#slots = [];
  }
}
