/** The longest time, in ms, that a timer takes: some 25 days. It takes a longer one for none at all. */
const LONGEST = 2 ** 31 - 1;

/**
 * A signal that is aborted after `ms`: `Infinity` is never, and what is left until a moment that has passed is no time.
 * The platform's own refuses fractions and what is below zero.
 */
export function timeoutSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(ms > 0 ? Math.min(Math.ceil(ms), LONGEST) : 0);
}

/** Returns after `ms`, or at once when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** What a promise comes to, or the signal's reason as an error when that is aborted first. */
export async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await promise;
  signal.throwIfAborted();
  // Of more than ten that listen to one signal Node would warn as of a leak.
  const own = AbortSignal.any([signal]);
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(own.reason as Error);
    own.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    // One that lives as long as its page would hold all that ever listened to it.
    own.removeEventListener('abort', onAbort);
  }
}
