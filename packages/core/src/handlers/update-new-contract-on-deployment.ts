import type { Enclave } from '../enclave/enclave.js';
import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';
import { statusOf } from './status.js';

/** UpdateNewContractOnDeployment: bytecode and first delta of a contract that another worker deployed. */
export function updateNewContractOnDeployment(
  enclave: Pick<Enclave, 'exclusive'>,
  store: Pick<Store, 'updateContractOnDeployment'>,
): SlowHandler<'UpdateNewContractOnDeployment'> {
  return {
    work: 'write',
    async answer({ address, bytecode, delta }) {
      const stored = await enclave.exclusive(address, () =>
        store.updateContractOnDeployment(address, bytecode, delta),
      );
      return { address, status: statusOf(stored) };
    },
  };
}
