import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';
import { statusOf } from './status.js';

/** UpdateDeltas: deltas that other workers made; every one gets its status, in order. */
export function updateDeltas(
  enclave: Pick<Enclave, 'exclusive'>,
  store: Pick<Store, 'updateDeltas'>,
): SlowHandler<'UpdateDeltas'> {
  return {
    work: 'write',
    async answer({ deltas }) {
      const addresses = deltas.map(({ address }) => address);
      const stored = await enclave.exclusive(addresses, () => store.updateDeltas(deltas));
      const errors = deltas.map(({ address, key }, at) => ({
        address,
        key,
        status: statusOf(stored[at] === true),
      }));
      return { status: statusOf(!stored.includes(false)), errors };
    },
  };
}
