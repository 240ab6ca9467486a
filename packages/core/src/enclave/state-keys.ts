import { toHex } from '@enigma-worker/crypto';
import type { StateKey } from '@enigma-worker/protocol';
import type { Store } from '../store/store.js';
import { SecretTable } from '../collections/secret-table.js';
import type { Sealer } from './sealing/sealer.js';

/** As many keys are stored together, so that others get their turn in between. */
const STEP = 256;

/** The keys of contracts' states: sealed in the store, the ones in use also in memory. */
export class StateKeys {
  readonly #store: Pick<Store, 'stateKey' | 'putStateKeys'>;
  readonly #sealer: Sealer;
  readonly #inMemory: number;
  /** By address; the one that was not used for longest goes first. */
  readonly #open = new SecretTable(32);

  /** @param inMemory how many keys are kept open */
  constructor(store: Pick<Store, 'stateKey' | 'putStateKeys'>, sealer: Sealer, inMemory: number) {
    this.#store = store;
    this.#sealer = sealer;
    this.#inMemory = inMemory;
  }

  /** How many keys are open in memory. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * The key of a contract, 32 bytes.
   * @throws SealingError when the stored key does not open
   */
  get(address: Uint8Array): Uint8Array | undefined {
    const known = this.#open.get(address);
    if (known !== undefined) return known;
    const sealed = this.#store.stateKey(address);
    if (sealed === undefined) return undefined;
    const key = this.#sealer.open(labelOf(toHex(address)), sealed);
    this.#hold(address, key);
    return key;
  }

  /** Keeps keys, in place of earlier ones; durable when it resolves. */
  async put(keys: readonly StateKey[]): Promise<void> {
    for (let from = 0; from < keys.length; from += STEP) {
      const some = keys.slice(from, from + STEP);
      const sealed = some.map(({ address, key }) => ({
        address,
        sealed: this.#sealer.seal(labelOf(toHex(address)), key),
      }));
      await this.#store.putStateKeys(sealed);
      for (const { address, key } of some) this.#hold(address, key);
    }
  }

  /** Forgets what is open in memory. */
  clear(): void {
    this.#open.clear();
  }

  #hold(address: Uint8Array, key: Uint8Array): void {
    this.#open.hold(address, key);
    if (this.#open.size > this.#inMemory) this.#open.dropOldest();
  }
}

/** The label binds a sealed key to its contract: the host cannot exchange two of them. */
export function labelOf(address: string): string {
  return `state-key:${address}`;
}
