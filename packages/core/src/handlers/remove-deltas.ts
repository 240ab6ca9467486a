import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';
import { perContract } from './per-contract.js';

/** RemoveDeltas: deltas that the chain does not know after all, `to` exclusive; missing ones are fine. */
export function removeDeltas(
  enclave: Pick<Enclave, 'exclusive'>,
  store: Pick<Store, 'removeDeltas'>,
): SlowHandler<'RemoveDeltas'> {
  return {
    work: 'write',
    async answer({ input }) {
      await perContract(enclave, input, (ranges) => store.removeDeltas(ranges));
      return { status: 0, errors: [] };
    },
  };
}
