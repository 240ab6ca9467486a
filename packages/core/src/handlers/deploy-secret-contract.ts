import type { Enclave } from '../enclave/enclave.js';
import type { TaskHandler } from './handler.js';

/** DeploySecretContract: runs the constructor; durable before it is answered. */
export function deploySecretContract(enclave: Pick<Enclave, 'deploy'>): TaskHandler<'DeploySecretContract'> {
  return {
    work: 'task',
    contract: ({ input }) => input.contractAddress,
    answer: ({ input }) => enclave.deploy(input),
  };
}
