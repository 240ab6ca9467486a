import { openStore } from '../open.js';
import type { DeltaEntry } from '../records.js';
import type { Store } from '../store.js';
import type { ImportTarget } from './transfer.js';

/**
 * The store of a folder, opened, and made where there is none, once something is to be stored in it: an import that
 * fails before leaves no empty store behind, which would keep a restore from the folder.
 */
export class StoreOnDemand implements ImportTarget, AsyncDisposable {
  readonly #folder: string;
  #store: Store | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** See `Store.updateContract`. @throws also as `openStore` */
  async updateContract(address: Uint8Array, bytecode: Uint8Array): Promise<boolean> {
    return (await this.#open()).updateContract(address, bytecode);
  }

  /** See `Store.updateDeltas`. @throws also as `openStore` */
  async updateDeltas(deltas: readonly DeltaEntry[]): Promise<boolean[]> {
    return (await this.#open()).updateDeltas(deltas);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close();
  }

  async #open(): Promise<Store> {
    return (this.#store ??= await openStore(this.#folder));
  }
}
