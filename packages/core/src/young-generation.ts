import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** How often it is looked whether the bound holds. */
const LOOK_MS = 1000;
const MEBIBYTE = 1024 * 1024;
const GROWING = '--semi-space-growth-factor=2';
const FIXED = '--semi-space-growth-factor=1';

/**
 * Bounds the young generation of the main thread's heap while a worker serves. V8 doubles it, up to 32 MiB, whenever
 * as much as it holds has outlived collections since the last time. Under load that happens sooner or later however
 * little outlives each of them; more room is then filled with garbage, and makes nothing faster.
 *
 * The bound of a new process is a flag of its start. In one that runs, only the factor by which it grows can be set:
 * for all of the process, and anew whenever a thread was started, which sets it back.
 *
 * @param mebibytes at which size it stops to grow
 */
export function boundYoungGeneration(mebibytes: number): { close(): Promise<void> } {
  const look = (): void => {
    if (youngBytes() >= mebibytes * MEBIBYTE) setFlagsFromString(FIXED);
  };
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  let isClosed = false;
  return {
    close: () => {
      if (!isClosed) setFlagsFromString(GROWING);
      isClosed = true;
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0;
}
