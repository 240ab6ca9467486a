import { deserializationError } from './contract-error.js';
import type { ModuleLimits } from './limits.js';

/**
 * Starts to measure how long a module takes to be built, metered or compiled. The result is to be called between steps
 * that are short by themselves.
 * @returns throws ContractError `LIMIT` once the time is over
 */
export function startBuildClock({ buildMs }: Pick<ModuleLimits, 'buildMs'>): () => void {
  const end = performance.now() + buildMs;
  return () => {
    if (performance.now() <= end) return;
    throw deserializationError('LIMIT', `building it takes longer than ${buildMs} ms, which is the limit`);
  };
}
