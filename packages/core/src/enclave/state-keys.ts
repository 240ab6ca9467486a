import { toHex } from '@enigma-worker/crypto';
import type { StateKey } from '@enigma-worker/protocol';
import { bytesKey } from '../bytes/bytes-key.js';
import type { Store } from '../store/store.js';
import { ByteLru } from '../collections/byte-lru.js';
import type { Sealer } from './sealing/sealer.js';

/** The keys of contracts' states: sealed in the store, the ones in use also in memory. */
export class StateKeys {
  readonly #store: Pick<Store, 'stateKey' | 'putStateKeys'>;
  readonly #sealer: Sealer;
  readonly #open: ByteLru<Uint8Array>;

  /** @param inMemory how many keys are kept open */
  constructor(store: Pick<Store, 'stateKey' | 'putStateKeys'>, sealer: Sealer, inMemory: number) {
    this.#store = store;
    this.#sealer = sealer;
    this.#open = new ByteLru(inMemory);
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
    const name = bytesKey(address);
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const sealed = this.#store.stateKey(address);
    if (sealed === undefined) return undefined;
    const key = this.#sealer.open(labelOf(toHex(address)), sealed);
    this.#open.set(name, key, 1);
    return key;
  }

  /** Keeps keys, in place of earlier ones; durable when it resolves. */
  async put(keys: readonly StateKey[]): Promise<void> {
    const sealed = keys.map(({ address, key }) => ({
      address,
      sealed: this.#sealer.seal(labelOf(toHex(address)), key),
    }));
    await this.#store.putStateKeys(sealed);
    for (const { address, key } of keys) this.#open.set(bytesKey(address), key, 1);
  }

  /** Forgets what is open in memory. */
  clear(): void {
    this.#open.clear();
  }
}

/** The label binds a sealed key to its contract: the host cannot exchange two of them. */
export function labelOf(address: string): string {
  return `state-key:${address}`;
}
