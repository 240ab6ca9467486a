import type { Store } from '../store/store.js';
import type { InstantHandler } from './handler.js';

/** GetContract: the bytecode of a contract, empty when it is unknown. */
export function getContract(store: Pick<Store, 'getContract'>): InstantHandler<'GetContract'> {
  return {
    work: 'instant',
    answer: ({ input }) => ({ address: input, bytecode: store.getContract(input) ?? new Uint8Array() }),
  };
}
