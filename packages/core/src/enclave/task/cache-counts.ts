import type { CacheUse } from '../../vm/cache-use.js';

/** The caches of executor threads. */
export const THREAD_CACHES = ['module', 'instance', 'value'] as const;

/** One of {@link THREAD_CACHES}. */
export type ThreadCache = (typeof THREAD_CACHES)[number];

/** How often what was looked for was there, and how often not, in all threads since the start. */
export type CacheCounts = Readonly<Record<ThreadCache, { readonly hits: number; readonly misses: number }>>;

/** Threads count in lines of their own, 64 bytes each, so that none takes the line from another's processor. */
const LINES = 256;
const LINE_WORDS = 16;

/** Memory in which threads count what the main thread reads: no message, and some nanoseconds a count. */
export function cacheCountsMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(LINES * LINE_WORDS * 4);
}

/** What a thread counts with. @param thread any number that tells threads apart */
export function countingUse(memory: SharedArrayBuffer, thread: number): Record<ThreadCache, CacheUse> {
  const words = new Uint32Array(memory, (thread % LINES) * LINE_WORDS * 4, LINE_WORDS);
  const use = (at: number): CacheUse => ({
    // Not atomic, which would cost ten times as much: nobody else writes there, unless more threads live than there
    // are lines, and then a count may be lost.
    hit: () => void words[at]!++,
    miss: () => void words[at + 1]!++,
  });
  return { module: use(0), instance: use(2), value: use(4) };
}

/** Sums up what threads counted. The words wrap around; the sums do not, if they are read once in 2^32 counts. */
export class CacheTotals {
  readonly #words: Uint32Array;
  readonly #seen: Uint32Array;
  readonly #totals = new Float64Array(LINE_WORDS);

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
    this.#seen = new Uint32Array(this.#words.length);
  }

  read(): CacheCounts {
    for (let at = 0; at < this.#words.length; at++) {
      const now = Atomics.load(this.#words, at);
      this.#totals[at % LINE_WORDS]! += (now - this.#seen[at]!) >>> 0;
      this.#seen[at] = now;
    }
    const of = (at: number) => ({ hits: this.#totals[at]!, misses: this.#totals[at + 1]! });
    return { module: of(0), instance: of(2), value: of(4) };
  }
}
