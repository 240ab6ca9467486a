import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * Makes the calling thread yield to the others of its process: on Linux, where a thread has a priority
 * of its own. Elsewhere, or where it is not allowed, nothing happens.
 * @param steps how much lower, as `nice` counts
 */
export function lowerOwnPriority(steps: number): void {
  if (process.platform !== 'linux' || steps === 0) return;
  try {
    // The link reads `<process>/task/<thread>`.
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, Math.min(19, getPriority(thread) + steps));
  } catch {
    // Best effort: everything works without it.
  }
}
