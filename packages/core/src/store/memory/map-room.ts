import type { Change } from '../commit-log.js';
import { StoreError } from '../errors.js';
import type { Root } from '../root.js';

/** Pages that a change writes anew at most: one on each level of a table and of its neighbours. */
const TOUCHED = 14;
/** Pages that the split of a page for a new entry takes at most, about. */
const SPLIT = 2;
/** How much of a page that was split holds nothing, at most: it has at least a quarter of the bytes that it could. */
const LOOSENESS = 4;
/** Pages for the table of tables, and for lists of free pages, each page of which names 500. */
const MARGIN = 64;
const LISTED = 256;
/** What an entry takes besides its key and value: checksum and heads. */
const ENTRY_HEAD = 48;

/** What the database tells of itself. */
interface Info {
  readonly pageSize: number;
  readonly mapSize: number;
  /** As of the last commit. */
  readonly lastPageNumber: number;
}

/**
 * Keeps a database within its map: the binding would otherwise map the file anew, twice as large, which must not
 * happen where a second map of a file is another copy. Reckons with the most pages that a transaction may take,
 * as if none that is free were used again.
 */
export class MapRoom {
  readonly #root: Root;
  readonly #bytes: number;
  #info: Info | undefined;
  #changes = 0;
  #smallBytes = 0;
  #ownPages = 0;

  /** @param bytes the size of the map */
  constructor(root: Root, bytes: number) {
    this.#root = root;
    this.#bytes = bytes;
  }

  /** Reckons with a change of the transaction under way. @throws StoreError `DISK_FULL` */
  take({ key, value }: Change): void {
    const { pageSize, mapSize, lastPageNumber } = (this.#info ??= this.#root.getStats() as unknown as Info);
    if (mapSize > this.#bytes) throw new StoreError('IO', 'the map of the store has grown: start anew');
    this.#changes += 1;
    if (value !== undefined) {
      const bytes = ENTRY_HEAD + key.length + value.length;
      if (bytes > pageSize / 4) this.#ownPages += SPLIT + Math.ceil(bytes / pageSize);
      else this.#smallBytes += bytes;
    }
    // A page that was written in a transaction is not written anew in the same.
    const copied = Math.min(TOUCHED * this.#changes, lastPageNumber);
    const split = Math.min(
      SPLIT * this.#changes,
      copied + Math.ceil((LOOSENESS * this.#smallBytes) / pageSize),
    );
    const last =
      lastPageNumber + copied + split + this.#ownPages + MARGIN + Math.ceil(lastPageNumber / LISTED);
    if (last < mapSize / pageSize) return;
    throw new StoreError(
      'DISK_FULL',
      `nothing was stored: the ${Math.round(mapSize / 2 ** 20)} MiB of memory for the store are full; a restart packs it, or give it more`,
    );
  }

  /** Whether the map is still the one that was made. @throws StoreError `DISK_FULL` */
  expectUnchanged(): void {
    const { mapSize } = this.#root.getStats() as unknown as Info;
    if (mapSize <= this.#bytes) return;
    throw new StoreError(
      'DISK_FULL',
      `what is stored does not fit into ${Math.round(this.#bytes / 2 ** 20)} MiB of memory: start with more`,
    );
  }

  /** The transaction is over. */
  reset(): void {
    this.#info = undefined;
    this.#changes = 0;
    this.#smallBytes = 0;
    this.#ownPages = 0;
  }
}
