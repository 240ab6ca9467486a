import type { Enclave } from '../enclave/enclave.js';
import type { TaskHandler } from './handler.js';

/** ComputeTask: runs a function of a contract; what it changed is durable before it is answered. */
export function computeTask(enclave: Pick<Enclave, 'compute'>): TaskHandler<'ComputeTask'> {
  return {
    work: 'task',
    contract: ({ input }) => input.contractAddress,
    answer: ({ input }) => enclave.compute(input),
  };
}
