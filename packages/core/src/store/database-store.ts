import { silentLogger, type Logger } from '../log.js';
import { BulkReads } from './bulk-reads.js';
import type { Database } from './database.js';
import { DatabaseReader } from './reader.js';
import type { DeltaEntry, DeltaRange, StateChange, TaskCommit } from './records.js';
import type { Store, StoreCounts, StoreOptions } from './store.js';
import { TipCache } from './tip-cache.js';
import { codeHashOf, Writes } from './writes.js';

/** A quarter of the largest message: a byte takes up to four characters there. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;
const TIP_CACHE_BYTES = 16 * 1024 * 1024;

/** The store of a core: the only writer of its database. */
export class DatabaseStore extends DatabaseReader implements Store {
  readonly #release: () => Promise<void>;
  readonly #writes: Writes;
  readonly #bulk: BulkReads;
  readonly #tips: TipCache;
  readonly #logger: Logger;
  #sweeping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @param release closes the database, and gives back what else was taken */
  constructor(db: Database, release: () => Promise<void>, options: StoreOptions = {}) {
    super(db);
    this.#release = release;
    this.#writes = new Writes(db);
    this.#bulk = new BulkReads(db, options.maxReplyBytes ?? MAX_REPLY_BYTES);
    this.#tips = new TipCache(options.tipCacheBytes ?? TIP_CACHE_BYTES);
    this.#logger = options.logger ?? silentLogger;
    this.#sweep();
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
    return this.#bulk.tips(addresses);
  }

  getAllTips(): Promise<DeltaEntry[]> {
    return this.#bulk.allTips();
  }

  getAllAddresses(): Promise<Uint8Array[]> {
    return this.#bulk.addresses();
  }

  getDeltas(ranges: readonly DeltaRange[]): Promise<DeltaEntry[]> {
    return this.#bulk.deltas(ranges);
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
    const results = await this.db.write(() => this.#writes.updateDeltas(deltas));
    for (const { address } of deltas) this.#tips.delete(address);
    return results;
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
    this.#sweep();
  }

  async removeDeltas(ranges: readonly DeltaRange[]): Promise<void> {
    await this.db.write(() => this.#writes.removeDeltas(ranges));
    for (const { address } of ranges) this.#tips.delete(address);
    this.#sweep();
  }

  async commitTask(task: TaskCommit): Promise<void> {
    const { address, bytecode, delta, state } = task;
    const codeHash = bytecode === undefined ? undefined : codeHashOf(bytecode);
    await this.db.write(() => this.#writes.commitTask(task, codeHash));
    this.#tips.set({ address, key: state.head.index, data: delta });
    if (state.base?.shape === 'whole') this.#sweep();
  }

  async commitBuild(address: Uint8Array, change: StateChange): Promise<void> {
    await this.db.write(() => this.#writes.commitBuild(address, change));
    this.#sweep();
  }

  counts(): StoreCounts {
    return { contracts: this.db.count('contracts'), deltas: this.db.count('deltas') };
  }

  tipCacheUse(): { readonly hits: number; readonly misses: number } {
    return this.#tips;
  }

  putStateKeys(
    keys: readonly { readonly address: Uint8Array; readonly sealed: Uint8Array }[],
  ): Promise<void> {
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
    await this.db.close();
    await this.#sweeping;
    await this.#release();
  }

  /** Clears dropped states away in the background, a little at a time. Goes on after a restart. */
  #sweep(): void {
    this.#sweeping ??= this.#sweepAll().finally(() => (this.#sweeping = undefined));
  }

  async #sweepAll(): Promise<void> {
    try {
      while (this.#closing === undefined && [...this.db.keys('droppedStates', { limit: 1 })].length > 0) {
        await this.db.write(() => this.#writes.sweep());
      }
    } catch (error) {
      // Nothing depends on it: what is left is deleted later.
      this.#logger.warn({ error }, 'dropped states were not cleared away');
    }
  }
}
