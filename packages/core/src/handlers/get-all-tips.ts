import type { Store } from '../store/store.js';
import type { ListHandler } from './handler.js';

/** GetAllTips: the latest delta of every contract that has one. */
export function getAllTips(store: Pick<Store, 'readAllTips'>): ListHandler<'GetAllTips'> {
  return { work: 'list', answer: (_, list) => store.readAllTips(list) };
}
