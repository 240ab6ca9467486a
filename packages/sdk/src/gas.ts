import { encodable } from './values.js';

/** Gas limit of a task when the caller names none. */
export const DEFAULT_GAS_LIMIT = 100_000_000n;

/**
 * The gas limit that the caller gave, if any.
 * @throws SdkError `ARGUMENTS_MISMATCH` when it is no integer from 0 to 2^64-1
 */
export function gasLimitOf({ gasLimit = DEFAULT_GAS_LIMIT }: { readonly gasLimit?: bigint }): bigint {
  return encodable({ type: 'uint64' }, gasLimit, 'gasLimit') as bigint;
}
