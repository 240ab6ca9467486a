import { doesNotExist } from '../store/errors.js';
import type { Store } from '../store/store.js';
import { HandlerError } from './errors.js';
import type { InstantHandler } from './handler.js';

/** GetDelta: one delta. */
export function getDelta(store: Pick<Store, 'delta'>): InstantHandler<'GetDelta'> {
  return {
    work: 'instant',
    answer({ input: { address, key } }) {
      const delta = store.delta(address, key);
      if (delta === undefined) throw new HandlerError('UNKNOWN_DELTA', doesNotExist('get_delta', address));
      return { delta };
    },
  };
}
