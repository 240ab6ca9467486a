import type { Enclave } from '../enclave/enclave.js';
import type { DryRunHandler } from './handler.js';
import { statusOf } from './status.js';

/** EstimateTask: runs a function of a contract as it is now, keeps nothing of it and signs nothing. */
export function estimateTask(enclave: Pick<Enclave, 'estimate'>): DryRunHandler<'EstimateTask'> {
  return {
    work: 'dry run',
    contract: ({ input }) => input.contractAddress,
    async answer({ input }) {
      const { ok, output, usedGas } = await enclave.estimate(input);
      return { status: statusOf(ok), output, usedGas };
    },
  };
}
