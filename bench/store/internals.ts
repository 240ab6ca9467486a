// The parts of the core that the benchmarks of the store take apart: its package exports only the whole worker.
import type * as stateAccess from '../../packages/core/dist/enclave/state/state-access.js';
import type * as open from '../../packages/core/dist/store/open.js';
import type * as records from '../../packages/core/dist/store/records.js';
import type * as store from '../../packages/core/dist/store/store.js';

export const coreDist = new URL('../../../packages/core/dist/', import.meta.url);

async function load<Part>(path: string): Promise<Part> {
  return (await import(new URL(path, coreDist).href)) as Part;
}

export const { openStore } = await load<typeof open>('store/open.js');
export const { StateAccess } = await load<typeof stateAccess>('enclave/state/state-access.js');
export type Store = store.Store;
export type StateHead = records.StateHead;
export type DeltaEntry = records.DeltaEntry;
