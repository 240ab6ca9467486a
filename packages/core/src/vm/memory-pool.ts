import { EngineError } from './engine-error.js';
import { MemorySlot } from './memory-slot.js';

/** The few physical memories that all contracts of a thread share: V8 reserves 10 GB of address space for each. */
export class MemoryPool {
  readonly #most: number;
  // Least recently used first.
  #slots: MemorySlot[] = [];

  /** @param most how many memories; more contracts than this, called in turn, replace each other's data */
  constructor(most: number) {
    this.#most = most;
  }

  /** Those that there are, in no order that means anything to others. */
  get slots(): readonly MemorySlot[] {
    return this.#slots;
  }

  /**
   * A memory of `pages` pages for a new instance: a new one while there may be more, else that which was not used for
   * longest.
   * @throws EngineError `MEMORY_EXHAUSTED` when there is none and none can be made
   */
  next(pages: number): MemorySlot {
    if (this.#slots.length < this.#most) {
      const made = tryMake(pages);
      if (made !== undefined) return this.#add(made);
    }
    const oldest = this.#slots.find((slot) => slot.pages === pages);
    if (oldest !== undefined) return oldest;
    // All are of another size: the oldest has to go.
    this.#slots.shift();
    const made = tryMake(pages);
    if (made === undefined)
      throw new EngineError('MEMORY_EXHAUSTED', 'the system gives no memory for a contract');
    return this.#add(made);
  }

  /** Notes that a slot is used now. */
  use(slot: MemorySlot): void {
    if (this.#slots.at(-1) === slot) return;
    const index = this.#slots.indexOf(slot);
    if (index < 0) return;
    this.#slots.splice(index, 1);
    this.#slots.push(slot);
  }

  /** Lets go of all memories. Between calls they hold nothing but what modules begin with. */
  clear(): void {
    this.#slots = [];
  }

  #add(slot: MemorySlot): MemorySlot {
    this.#slots.push(slot);
    return slot;
  }
}

function tryMake(pages: number): MemorySlot | undefined {
  try {
    return new MemorySlot(pages);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
