import { existsSync, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A folder whose files are looked after. */
export interface Watched {
  readonly path: string;
  /** Whether with all that is below it. */
  readonly isDeep: boolean;
}

/**
 * Runs `work` now and again after every change in the folders, one run at a time, until the signal.
 * @param folders asked for again after each run: a run may have found more
 */
export async function runOnChange(
  folders: () => readonly Watched[],
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let changed: (() => void) | undefined;
  let pending = true;
  const note = (): void => {
    pending = true;
    changed?.();
  };
  const watched = new Set<string>();
  const look = (): void => {
    for (const { path, isDeep } of folders()) {
      if (watched.has(path) || !existsSync(path)) continue;
      watched.add(path);
      watch(path, { recursive: isDeep, signal }, (_event, name) => {
        // A folder of the project's own holds what is built, too.
        if (isDeep || name === null || /\.[cm]?[jt]s$/.test(name)) note();
      });
    }
  };
  signal.addEventListener('abort', () => changed?.(), { once: true });
  look();
  while (!signal.aborted) {
    if (!pending) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
      // Editors write a file in several steps.
      await sleep(100);
      if (signal.aborted) break;
    }
    pending = false;
    await work();
    look();
  }
}
