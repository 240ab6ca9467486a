import type { Store } from '../store/store.js';
import type { SlowHandler } from './handler.js';

/** GetAllAddrs: the addresses of all contracts. */
export function getAllAddrs(store: Pick<Store, 'getAllAddresses'>): SlowHandler<'GetAllAddrs'> {
  return { work: 'read', answer: async () => ({ addresses: await store.getAllAddresses() }) };
}
