/**
 * So long after a signal, in ms, another one is the same: npm, and whatever else runs us as a child, passes on the Ctrl-C
 * that the terminal sent to us too.
 */
const ECHO_MS = 500;

/**
 * Resolves with the name of the signal that asks this process to stop; to be called before anything takes time, so that
 * what has just started stops in good order, too. A second signal ends the process at once.
 */
export function untilStopped(
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let since: number | undefined;
    for (const signal of signals) {
      process.on(signal, () => {
        if (since !== undefined && performance.now() - since > ECHO_MS) process.exit(130);
        since ??= performance.now();
        resolve(signal);
      });
    }
  });
}
