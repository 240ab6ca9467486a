import { silentLogger } from '@enigma-worker/host';
import { collect } from './bulk-reads.js';
import type { Operation } from './commits/operation-codec.js';
import { perform } from './commits/perform.js';
import { Committer } from './committer.js';
import type { Database } from './database.js';
import { ListReader } from './list-reader.js';
import type { DeltaEntry, DeltaRange, SealedStateKey, StateChange, TaskCommit } from './records.js';
import type { Store, StoreOptions } from './store.js';
import { Sweeper } from './sweeper.js';
import { TipCache } from './tip-cache.js';
import { codeHashOf, Writes } from './writes.js';

const TIP_CACHE_BYTES = 16 * 1024 * 1024;

/** What a store was opened with, besides its database. */
export interface Holdings {
  /** Ends what uses the database on its own. */
  stop(): Promise<void>;
  /** Gives everything back, once the database is closed. */
  release(): Promise<void>;
}

/** The store of a core: the only writer of its database. */
export class DatabaseStore extends ListReader implements Store {
  readonly #holdings: Holdings;
  readonly #writes: Writes;
  readonly #tips: TipCache;
  readonly #sweeper: Sweeper;
  readonly #committer: Committer;
  #closing: Promise<void> | undefined;

  constructor(db: Database, holdings: Holdings, options: StoreOptions = {}) {
    super(db, options.maxReplyBytes);
    this.#holdings = holdings;
    this.#writes = new Writes(db);
    this.#tips = new TipCache(options.tipCacheBytes ?? TIP_CACHE_BYTES);
    this.#sweeper = new Sweeper(db, this.#writes, options.logger ?? silentLogger);
    const here = (operation: Operation): Promise<readonly number[]> =>
      db.write(() => perform(this.#writes, operation));
    const { logger = silentLogger, observer } = options;
    const thread = { folder: db.folder, observer, logger, refresh: () => db.refresh() };
    this.#committer = new Committer(here, options.memory === undefined ? thread : undefined);
  }

  get readerFolder(): string {
    return this.db.folder;
  }

  getTip(address: Uint8Array): DeltaEntry | undefined {
    const cached = this.#tips.get(address);
    if (cached !== undefined) return cached;
    const index = this.contract(address)?.tip;
    const data = index === undefined ? undefined : this.delta(address, index);
    if (index === undefined || data === undefined) return undefined;
    const tip = { address, key: index, data };
    this.#tips.set(tip);
    return tip;
  }

  getTips(addresses: readonly Uint8Array[]): Promise<DeltaEntry[]> {
    return collect((into) => this.readTips(addresses, into));
  }

  getAllTips(): Promise<DeltaEntry[]> {
    return collect((into) => this.readAllTips(into));
  }

  getDeltas(ranges: readonly DeltaRange[]): Promise<DeltaEntry[]> {
    return collect((into) => this.readDeltas(ranges, into));
  }

  getContract(address: Uint8Array): Uint8Array | undefined {
    const codeHash = this.contract(address)?.codeHash;
    return codeHash === undefined ? undefined : this.bytecode(codeHash);
  }

  updateContract(address: Uint8Array, bytecode: Uint8Array): Promise<boolean> {
    const codeHash = codeHashOf(bytecode);
    return this.db.write(() => this.#writes.updateContract(address, bytecode, codeHash));
  }

  async updateDeltas(deltas: readonly DeltaEntry[]): Promise<boolean[]> {
    let refused: readonly number[];
    try {
      refused = await this.#committer.commit({ kind: 'deltas', deltas });
    } finally {
      // Also when it failed: a thread that ended may have stored them.
      for (const { address } of deltas) this.#tips.delete(address);
    }
    const isStored = Array.from(deltas, () => true);
    for (const at of refused) isStored[at] = false;
    return isStored;
  }

  async updateContractOnDeployment(
    address: Uint8Array,
    bytecode: Uint8Array,
    delta: Omit<DeltaEntry, 'address'>,
  ): Promise<boolean> {
    const codeHash = codeHashOf(bytecode);
    const entry = { address, ...delta };
    const isStored = await this.db.write(() =>
      this.#writes.updateContractOnDeployment(entry, bytecode, codeHash),
    );
    this.#tips.delete(address);
    return isStored;
  }

  async removeContract(address: Uint8Array): Promise<void> {
    await this.db.write(() => this.#writes.removeContract(address));
    this.#tips.delete(address);
    this.#sweeper.start();
  }

  async removeDeltas(ranges: readonly DeltaRange[]): Promise<void> {
    const addresses = ranges.map(({ address }) => address);
    for (let left = ranges; left.length > 0;) {
      const now = left;
      left = await this.db.write(() => this.#writes.removeDeltas(now));
      for (const address of addresses) this.#tips.delete(address);
    }
    this.#sweeper.start();
  }

  async commitTask(task: TaskCommit): Promise<void> {
    const { address, bytecode, delta, state } = task;
    const codeHash = bytecode === undefined ? undefined : codeHashOf(bytecode);
    try {
      if (bytecode === undefined) await this.#committer.commit({ kind: 'task', commit: task });
      else await this.db.write(() => this.#writes.commitTask(task, codeHash));
    } catch (error) {
      // Whatever is stored now, it is read there.
      this.#tips.delete(address);
      throw error;
    }
    this.#tips.set({ address, key: state.head.index, data: delta });
    if (state.base?.shape === 'whole') this.#sweeper.start();
  }

  async commitBuild(address: Uint8Array, change: StateChange): Promise<void> {
    await this.db.write(() => this.#writes.commitBuild(address, change));
    this.#sweeper.start();
  }

  tipCacheUse(): { readonly hits: number; readonly misses: number } {
    return this.#tips;
  }

  putStateKeys(keys: readonly SealedStateKey[]): Promise<void> {
    return this.db.write(() => {
      for (const { address, sealed } of keys) this.db.put('stateKeys', address, sealed);
    });
  }

  putBlob(name: string, data: Uint8Array): Promise<void> {
    return this.db.write(() => this.db.put('blobs', Buffer.from(name), data));
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#holdings.stop();
    await this.#committer.close();
    await this.db.close();
    await this.#sweeper.stop();
    await this.#holdings.release();
  }
}
