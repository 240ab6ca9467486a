import type { Store } from '../store/store.js';
import type { ListHandler } from './handler.js';

/** GetDeltas: the deltas in the ranges, `from` inclusive, `to` exclusive; an empty range contributes nothing. */
export function getDeltas(store: Pick<Store, 'readDeltas'>): ListHandler<'GetDeltas'> {
  return { work: 'list', answer: ({ input }, list) => store.readDeltas(input, list) };
}
