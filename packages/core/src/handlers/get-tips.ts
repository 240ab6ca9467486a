import type { Store } from '../store/store.js';
import type { ListHandler } from './handler.js';

/** GetTips: the latest delta of each contract named; one that has none fails the whole request. */
export function getTips(store: Pick<Store, 'readTips'>): ListHandler<'GetTips'> {
  return {
    work: 'list',
    size: ({ input }) => input.length,
    answer: ({ input }, list) => store.readTips(input, list),
  };
}
