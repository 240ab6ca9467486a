import type { Store } from '../store/store.js';
import type { ListHandler } from './handler.js';

/** GetDeltas: the deltas in the ranges, `from` inclusive, `to` exclusive; an empty range contributes nothing. */
export function getDeltas(store: Pick<Store, 'contract' | 'readDeltas'>): ListHandler<'GetDeltas'> {
  return {
    work: 'list',
    size({ input }) {
      let size = 0;
      for (const { address, from, to } of input) {
        const tip = store.contract(address)?.tip;
        if (tip !== undefined) size += Math.max(Math.min(to, tip + 1) - from, 0);
      }
      return size;
    },
    answer: ({ input }, list) => store.readDeltas(input, list),
  };
}
