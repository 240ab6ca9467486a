import { availableParallelism } from 'node:os';
import type { LaneOptions } from '../executors/lanes.js';
import type { KeyExchangeOptions } from './key-exchange.js';
import type { TaskKeyOptions } from './task-keys.js';

/** Options of the enclave, all with defaults. */
export interface EnclaveOptions extends LaneOptions, TaskKeyOptions, KeyExchangeOptions {
  /** How many state keys are kept open in memory. */
  readonly stateKeysInMemory: number;
  /** How long `Enclave.close` waits for running tasks, in milliseconds. */
  readonly closeGraceMs: number;
  /** Milliseconds since whenever, never less than before: a clock that nobody sets. For tests. */
  readonly now: () => number;
}

const HOUR = 60 * 60 * 1000;

/** What is left out gets its default. */
export function enclaveOptions(given: Partial<EnclaveOptions>): EnclaveOptions {
  return {
    threads: availableParallelism(),
    jobTimeoutMs: 30_000,
    // With a single processor the main thread would only keep the executor from it.
    spinMs: availableParallelism() > 1 ? 1 : 0,
    maxQueued: 4096,
    maxQueuedPerLane: 1024,
    maxTaskKeys: 100_000,
    taskKeyLifetimeMs: HOUR,
    spareTaskKeys: 64,
    maxExchanges: 1000,
    exchangeLifetimeMs: HOUR,
    stateKeysInMemory: 10_000,
    executorNiceness: 5,
    slowExecutorNiceness: 10,
    closeGraceMs: 35_000,
    now: () => performance.now(),
    ...given,
  };
}
