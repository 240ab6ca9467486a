import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** The number by which the system knows the calling thread; 0 where threads have no priority of their own. */
export function ownThread(): number {
  if (process.platform !== 'linux') return 0;
  try {
    // The link reads `<process>/task/<thread>`.
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

/**
 * Makes a thread of this process yield to the others. Best effort: everything works without it, and who may not take
 * a lower priority back keeps it.
 * @param thread of {@link ownThread}
 * @param steps how much lower than that of the process, as `nice` counts
 */
export function setThreadPriority(thread: number, steps: number): void {
  if (thread === 0) return;
  try {
    setPriority(thread, Math.min(19, getPriority(process.pid) + steps));
  } catch {
    // Not allowed, or the thread has just ended.
  }
}
