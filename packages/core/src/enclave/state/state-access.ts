import type { ContractRecord } from '../../store/records.js';
import type { StoreReader } from '../../store/store.js';
import { StateKeyCache, type StateKeys } from './keys.js';
import { SealedState } from './sealed-state.js';
import { type BuildLimits, type BuildStep, buildStep } from './state-builder.js';
import { ValueCache, ValueStore } from './value-store.js';

/** A thread's way to the states of contracts, with its caches. */
export class StateAccess {
  readonly #reader: StoreReader;
  readonly #keys = new StateKeyCache();
  readonly #cache: ValueCache;

  /** @param cache of the values that it opens */
  constructor(reader: StoreReader, cache = new ValueCache()) {
    this.#reader = reader;
    this.#cache = cache;
  }

  /** The state of a contract, as `record` says it stands; of one that is being deployed when it is absent. */
  open(address: Uint8Array, stateKey: Uint8Array, record?: ContractRecord): SealedState {
    const keys = this.#keys.keys(address, stateKey);
    return new SealedState(record?.state, this.#valuesOf(address, keys), keys);
  }

  /** One bounded step of applying stored deltas to the state, see {@link buildStep}. */
  build(address: Uint8Array, stateKey: Uint8Array, record: ContractRecord, limits?: BuildLimits): BuildStep {
    const keys = this.#keys.keys(address, stateKey);
    const values = this.#valuesOf(address, keys);
    return buildStep({ reader: this.#reader, address, keys, values }, record, limits);
  }

  #valuesOf(address: Uint8Array, keys: StateKeys): ValueStore {
    this.#cache.begin();
    return new ValueStore(this.#reader, address, keys, this.#cache);
  }
}
