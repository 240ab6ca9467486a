import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';
import { statusOf } from './status.js';

/** UpdateNewContract: bytecode of a contract that another worker deployed. */
export function updateNewContract(
  enclave: Pick<Enclave, 'exclusive'>,
  store: Pick<Store, 'updateContract'>,
): SlowHandler<'UpdateNewContract'> {
  return {
    work: 'write',
    async answer({ address, bytecode }) {
      const stored = await enclave.exclusive(address, () => store.updateContract(address, bytecode));
      return { address, status: statusOf(stored) };
    },
  };
}
