import type { Bucket } from './buckets.js';
import type { MemoryTable } from './memory/loose-pages.js';

/** A change of one entry; without a value it is deleted. */
export interface Change {
  readonly bucket: Bucket;
  readonly key: Uint8Array;
  readonly value?: Uint8Array | undefined;
}

/** Makes the commits of a database durable that does not do so itself. */
export interface CommitLog {
  /** Told of each change before it is made. @throws StoreError when it cannot be, and then the transaction ends */
  note(change: Change): void;
  /** Deletes an entry of a table. */
  remove(table: MemoryTable, key: Uint8Array): void;
  /** Puts what was noted on the disk: when every change is made, and before they are committed. @throws StoreError */
  write(): void;
  /** The transaction is over. What was written is taken back when it failed. */
  end(isCommitted: boolean): void;
}
