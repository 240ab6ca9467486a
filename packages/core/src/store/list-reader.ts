import { BulkReads } from './bulk-reads.js';
import type { Database } from './database.js';
import { DatabaseReader, openForReading } from './reader.js';
import type { DeltaRange } from './records.js';
import type { DeltaSink, StoreCounts } from './store.js';

/** Reads of lists too. */
export class ListReader extends DatabaseReader {
  readonly #bulk: BulkReads;

  /** @param maxReplyBytes most bytes of deltas in one list */
  constructor(db: Database, maxReplyBytes?: number) {
    super(db);
    this.#bulk = new BulkReads(db, maxReplyBytes);
  }

  readTips(addresses: readonly Uint8Array[], into: DeltaSink): Promise<void> {
    return this.#bulk.tips(addresses, into);
  }

  readAllTips(into: DeltaSink): Promise<void> {
    return this.#bulk.allTips(into);
  }

  readDeltas(ranges: readonly DeltaRange[], into: DeltaSink): Promise<void> {
    return this.#bulk.deltas(ranges, into);
  }

  getAllAddresses(): Promise<Uint8Array[]> {
    return this.#bulk.addresses();
  }

  counts(): StoreCounts {
    return { contracts: this.db.count('contracts'), deltas: this.db.count('deltas') };
  }
}

/** As `openStoreReader`, for lists too. @throws StoreError */
export function openListReader(folder: string): ListReader {
  return openForReading(folder, (db) => new ListReader(db));
}
