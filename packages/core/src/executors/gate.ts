import type { Slots } from './slots.js';

/**
 * Tells where a thread may be ended. Native addons do not survive that: they abort the whole process.
 * So a thread is ended only while its gate is open, which it is around code that may run for ever,
 * and shut again for the native calls that this code makes.
 */
export class Gate {
  readonly #slots: Slots;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** Runs work in which the thread may be ended at any point. */
  open<T>(work: () => T): T {
    this.#slots.openGate();
    try {
      return work();
    } finally {
      this.#slots.shutGate();
    }
  }

  /** Inside of {@link open}: runs work in which the thread must not be ended. */
  shut<T>(work: () => T): T {
    this.#slots.shutGate();
    try {
      return work();
    } finally {
      this.#slots.openGate();
    }
  }
}
