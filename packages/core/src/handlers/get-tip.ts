import { doesNotExist } from '../store/errors.js';
import type { Store } from '../store/store.js';
import { HandlerError } from './errors.js';
import type { InstantHandler } from './handler.js';

/** GetTip: the latest delta of a contract. */
export function getTip(store: Pick<Store, 'getTip'>): InstantHandler<'GetTip'> {
  return {
    work: 'instant',
    answer({ input }) {
      const tip = store.getTip(input);
      if (tip === undefined) throw new HandlerError('UNKNOWN_CONTRACT', doesNotExist('get_tip', input));
      return tip;
    },
  };
}
