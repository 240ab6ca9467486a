import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';
import { perContract } from './per-contract.js';
import { statusOf } from './status.js';

/** UpdateDeltas: deltas that other workers made; every one gets its status, in order. */
export function updateDeltas(
  enclave: Pick<Enclave, 'exclusive'>,
  store: Pick<Store, 'updateDeltas'>,
): SlowHandler<'UpdateDeltas'> {
  return {
    work: 'write',
    async answer({ deltas }) {
      const isStored = deltas.map(() => false);
      for (const { result, places } of await perContract(enclave, deltas, (own) => store.updateDeltas(own))) {
        for (const [at, place] of places.entries()) isStored[place] = result[at] === true;
      }
      const errors = deltas.map(({ address, key }, at) => ({
        address,
        key,
        status: statusOf(isStored[at] === true),
      }));
      return { status: statusOf(!isStored.includes(false)), errors };
    },
  };
}
