import { resolve } from 'node:path';
import { type Bucket, deltaKey, stateKeyOf } from './buckets.js';
import type { Database } from './database.js';
import { checkSchema } from './migrations.js';
import { openDatabase } from './open-database.js';
import type { ContractRecord } from './records.js';
import type { StoreReader } from './store.js';
import { expectRecord, lostDelta } from './writes.js';

/** Reads of single things from a database. */
export class DatabaseReader implements StoreReader {
  protected readonly db: Database;

  constructor(db: Database) {
    this.db = db;
  }

  refresh(): void {
    this.db.refresh();
  }

  contract(address: Uint8Array): ContractRecord | undefined {
    const stored = this.db.view('contracts', address);
    if (stored !== undefined) return expectRecord(address, stored);
    this.db.confirmMissing('contracts', address);
    return undefined;
  }

  bytecode(codeHash: Uint8Array): Uint8Array | undefined {
    return this.#get('bytecode', codeHash);
  }

  delta(address: Uint8Array, index: number, record = this.contract(address)): Uint8Array | undefined {
    if (record?.tip === undefined || index > record.tip) return undefined;
    const key = deltaKey(record.chain, index);
    const data = this.db.get('deltas', key);
    if (data !== undefined) return data;
    // A chain without gaps has every delta up to its tip.
    if (record.deltaCount > record.tip) throw lostDelta(address, index);
    this.db.confirmMissing('deltas', key);
    return undefined;
  }

  stateValue(stateId: Uint8Array, tag: Uint8Array): Uint8Array | undefined {
    const key = stateKeyOf(stateId, tag);
    const value = this.db.view('states', key);
    if (value === undefined) this.db.confirmMissing('states', key);
    return value;
  }

  *stateValues(stateId: Uint8Array): Iterable<{ readonly tag: Uint8Array; readonly value: Uint8Array }> {
    for (const { key, value } of this.db.entries('states', { prefix: stateId })) {
      yield { tag: key.subarray(stateId.length), value };
    }
  }

  stateKey(address: Uint8Array): Uint8Array | undefined {
    return this.#get('stateKeys', address);
  }

  blob(name: string): Uint8Array | undefined {
    return this.#get('blobs', Buffer.from(name));
  }

  async close(): Promise<void> {
    await this.db.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #get(bucket: Bucket, key: Uint8Array): Uint8Array | undefined {
    const value = this.db.get(bucket, key);
    if (value === undefined) this.db.confirmMissing(bucket, key);
    return value;
  }
}

/**
 * Opens the store of a data folder for reading, in any thread, also while a core has it open. (In one
 * process the core has to be first.)
 * @throws StoreError `NOT_A_STORE`, `NEWER_SCHEMA`, `CORRUPT`, ...
 */
export function openStoreReader(folder: string): StoreReader {
  return openForReading(folder, (db) => new DatabaseReader(db));
}

/** What `make` makes of a database opened for reading. @throws StoreError */
export function openForReading<Reader>(folder: string, make: (db: Database) => Reader): Reader {
  const db = openDatabase(resolve(folder), { mode: 'read' });
  try {
    checkSchema(db);
  } catch (error) {
    void db.close();
    throw error;
  }
  return make(db);
}
