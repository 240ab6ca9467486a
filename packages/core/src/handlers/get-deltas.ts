import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';

/** GetDeltas: the deltas in the ranges, `from` inclusive, `to` exclusive; an empty range contributes nothing. */
export function getDeltas(store: Pick<Store, 'getDeltas'>): SlowHandler<'GetDeltas'> {
  return { work: 'read', answer: async ({ input }) => ({ deltas: await store.getDeltas(input) }) };
}
