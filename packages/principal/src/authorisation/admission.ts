import { toHex } from '@enigma-worker/crypto';

/** Decides which workers may ask for state keys at all. */
export interface Admission {
  /** @param worker the 20 bytes of its signing address */
  admits(worker: Uint8Array): Promise<boolean>;
}

/** Admits everybody: for local development only, where all workers are one's own. */
export const admitAll: Admission = { admits: () => Promise.resolve(true) };

/** Admits the workers of a list of signing addresses (20 bytes each). */
export function admitListed(workers: Iterable<Uint8Array>): Admission {
  const listed = new Set(Array.from(workers, toHex));
  return { admits: (worker) => Promise.resolve(listed.has(toHex(worker))) };
}

/** Admits whom at least one of the given admissions admits. */
export function admitAny(admissions: readonly Admission[]): Admission {
  return {
    async admits(worker) {
      for (const admission of admissions) if (await admission.admits(worker)) return true;
      return false;
    },
  };
}
