import type { Database as Table } from 'lmdb';
import { BYTES, type Root } from '../root.js';

/** A table of a database in memory, with what the binding has and its types leave out. */
export interface MemoryTable extends Pick<Table<Buffer, Uint8Array>, 'putSync' | 'removeSync'> {
  /** Unlike `getStats`, tells of this table alone. */
  readonly db: { stat(): { readonly treeBranchPageCount: number; readonly treeLeafPageCount: number } };
}

/** A value that takes a page of its own, and one that takes none. */
const FULL = Buffer.alloc(3000);
const EMPTY = Buffer.alloc(0);

/**
 * Uses up the pages that a transaction wrote and dropped again, as it does when it deletes the last entry of one. In a
 * map that is written to, the database cannot give them back when no older page is free, as long as somebody reads an
 * old state for one, and then ends the process.
 */
export class LoosePages {
  readonly #spare: MemoryTable;
  /** How many the transaction under way has dropped, and how many entries of the table then hold a page. */
  #dropped = 0;
  #held = 0;

  constructor(root: Root) {
    this.#spare = root.openDB({ name: 'spare', ...BYTES }) as unknown as MemoryTable;
  }

  /** Deletes an entry of a table. */
  remove(table: MemoryTable, key: Uint8Array): void {
    const before = pagesOf(table);
    table.removeSync(key);
    this.#dropped += Math.max(0, before - pagesOf(table));
  }

  /** Uses up what was dropped: when every change is made. */
  use(): void {
    for (let i = this.#dropped; i < this.#held; i++) this.#spare.putSync(keyOf(i), EMPTY);
    for (let i = 0; i < this.#dropped; i++) this.#spare.putSync(keyOf(i), FULL);
  }

  /** The transaction is over. */
  reset(isCommitted: boolean): void {
    if (isCommitted) this.#held = this.#dropped;
    this.#dropped = 0;
  }
}

/** Pages in the tree of a table. */
function pagesOf({ db }: MemoryTable): number {
  const { treeBranchPageCount, treeLeafPageCount } = db.stat();
  return treeBranchPageCount + treeLeafPageCount;
}

function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}
