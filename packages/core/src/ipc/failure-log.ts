import type { Logger } from '@enigma-worker/host';

/** Failures of the machine rather than of a request: operators must hear of them, and can do something about them. */
export const FAILURE_CODES = ['CORRUPT', 'DISK_FULL', 'IO', 'NOT_WRITABLE', 'STORE'] as const;

/** One of {@link FAILURE_CODES}: of the store, of what an executor read from it (`STORE`), or of the platform (`IO`). */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** Whether the code of an expected error says that the machine failed. */
export function isFailureCode(code: string): code is FailureCode {
  return (FAILURE_CODES as readonly string[]).includes(code);
}

/** How long, in ms, a failure is not told again: a full disk fails every request. */
const TELL_AGAIN = 1_000;

/** Tells of failures of the machine, of each code once a second at the most, and how many were left out. */
export class FailureLog {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #told = new Map<FailureCode, { at: number; leftOut: number }>();

  constructor(log: Logger, now = (): number => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  tell(code: FailureCode, fields: Readonly<Record<string, unknown>>): void {
    const now = this.#now();
    const told = this.#told.get(code);
    if (told !== undefined && now - told.at < TELL_AGAIN) {
      told.leftOut++;
      return;
    }
    const leftOut = told?.leftOut ?? 0;
    this.#log.error(
      { ...fields, code, ...(leftOut > 0 && { leftOut }) },
      'request failed: look at the machine',
    );
    this.#told.set(code, { at: now, leftOut: 0 });
  }
}
