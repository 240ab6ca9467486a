/** Told whether what was looked for in a cache was there. Called on every task: it must cost next to nothing. */
export interface CacheUse {
  hit(): void;
  miss(): void;
}

/** For those who do not count. */
export const UNCOUNTED: CacheUse = { hit: () => undefined, miss: () => undefined };
