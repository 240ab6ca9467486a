// #region wait
import { waitFor, type EnigmaClient } from '@enigma-worker/sdk';

/** Waits until this worker, too, has the state after `delta`, at most ten seconds. */
export async function caughtUp(client: EnigmaClient, address: string, delta: number): Promise<number> {
  return waitFor(client, { contract: address, delta, timeout: 10_000 });
}
// #endregion
