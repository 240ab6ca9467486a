import type { Store } from '../store/store.js';
import type { ListHandler } from './handler.js';

/** GetAllTips: the latest delta of every contract that has one. */
export function getAllTips(store: Pick<Store, 'counts' | 'readAllTips'>): ListHandler<'GetAllTips'> {
  return {
    work: 'list',
    size: () => store.counts().contracts,
    answer: (_, list) => store.readAllTips(list),
  };
}
