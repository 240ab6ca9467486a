import type { Store } from '../store/store.js';
import { doesNotExist } from './errors.js';
import type { InstantHandler } from './handler.js';

/** GetDelta: one delta. */
export function getDelta(store: Pick<Store, 'delta'>): InstantHandler<'GetDelta'> {
  return {
    work: 'instant',
    answer({ input: { address, key } }) {
      const delta = store.delta(address, key);
      if (delta === undefined) throw doesNotExist('get_delta', 'UNKNOWN_DELTA', address, key);
      return { delta };
    },
  };
}
