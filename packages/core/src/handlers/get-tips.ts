import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';

/** GetTips: the latest delta of each contract named; one that has none fails the whole request. */
export function getTips(store: Pick<Store, 'getTips'>): SlowHandler<'GetTips'> {
  return { work: 'read', answer: async ({ input }) => ({ tips: await store.getTips(input) }) };
}
