import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';

/** GetAllTips: the latest delta of every contract that has one. */
export function getAllTips(store: Pick<Store, 'getAllTips'>): SlowHandler<'GetAllTips'> {
  return { work: 'read', answer: async () => ({ tips: await store.getAllTips() }) };
}
