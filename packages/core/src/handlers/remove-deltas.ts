import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';

/** RemoveDeltas: deltas that the chain does not know after all, `to` exclusive; missing ones are fine. */
export function removeDeltas(
  enclave: Pick<Enclave, 'exclusive'>,
  store: Pick<Store, 'removeDeltas'>,
): SlowHandler<'RemoveDeltas'> {
  return {
    work: 'write',
    async answer({ input }) {
      const addresses = input.map(({ address }) => address);
      await enclave.exclusive(addresses, () => store.removeDeltas(input));
      return { status: 0, errors: [] };
    },
  };
}
