import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` now and again after every change below the folders, one run at a time, until the signal. */
export async function runOnChange(
  folder: string,
  below: readonly string[],
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let changed: (() => void) | undefined;
  let pending = true;
  const watchers = below
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .map((path) =>
      watch(path, { recursive: true, signal }, () => {
        pending = true;
        changed?.();
      }),
    );
  signal.addEventListener('abort', () => changed?.(), { once: true });
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
  }
  for (const watcher of watchers) watcher.close();
}
