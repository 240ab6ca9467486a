import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';

/** RemoveContract: a contract that the chain does not know after all. */
export function removeContract(
  enclave: Pick<Enclave, 'exclusive'>,
  store: Pick<Store, 'removeContract'>,
): SlowHandler<'RemoveContract'> {
  return {
    work: 'write',
    async answer({ address }) {
      await enclave.exclusive(address, () => store.removeContract(address));
      return { address, status: 0 };
    },
  };
}
