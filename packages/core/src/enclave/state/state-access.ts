import type { ContractRecord } from '../../store/records.js';
import type { StoreReader } from '../../store/store.js';
import type { CacheUse } from '../../vm/cache-use.js';
import { StateKeyCache } from './keys.js';
import { SealedState } from './sealed-state.js';
import { type BuildLimits, type BuildStep, buildStep } from './state-builder.js';
import { ValueCache, ValueStore } from './value-store.js';

/** Options of {@link StateAccess}. */
export interface StateAccessOptions {
  /** Bytes of opened values kept; 8 MiB by default. */
  readonly cacheBytes?: number;
  /** Told how the cache of opened values is used: for metrics. */
  readonly cacheUse?: CacheUse;
}

/** A thread's way to the states of contracts, with its caches. */
export class StateAccess {
  readonly #reader: StoreReader;
  readonly #keys = new StateKeyCache();
  readonly #cache: ValueCache;

  constructor(reader: StoreReader, options: StateAccessOptions = {}) {
    this.#reader = reader;
    this.#cache = new ValueCache(options.cacheBytes ?? 8 * 1024 * 1024, options.cacheUse);
  }

  /** The state of a contract, as `record` says it stands; of one that is being deployed when it is absent. */
  open(address: Uint8Array, stateKey: Uint8Array, record?: ContractRecord): SealedState {
    const keys = this.#keys.keys(address, stateKey);
    return new SealedState(record?.state, new ValueStore(this.#reader, address, keys, this.#cache), keys);
  }

  /** One bounded step of applying stored deltas to the state, see {@link buildStep}. */
  build(address: Uint8Array, stateKey: Uint8Array, record: ContractRecord, limits?: BuildLimits): BuildStep {
    const keys = this.#keys.keys(address, stateKey);
    const values = new ValueStore(this.#reader, address, keys, this.#cache);
    return buildStep({ reader: this.#reader, address, keys, values }, record, limits);
  }
}
