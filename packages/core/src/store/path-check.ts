import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { compareBytes } from '@enigma-worker/crypto';
import { checkedValue } from './checksum.js';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';
import { databasePath, type FileHeader, readHeader } from './file-check.js';
import {
  areSorted,
  type Bounds,
  BRANCH,
  childOf,
  headProblem,
  keyOf,
  keysOf,
  LEAF,
  MAX_DEPTH,
  NO_PAGE,
  NODE_HEADER,
  type Page,
  readNodes,
  SUB_TABLE,
  type Table,
  TABLE_BYTES,
  tableAt,
} from './pages.js';

/** What a search of the file's own pages came to. */
export type PathResult = 'found' | 'absent' | 'damaged';

/** Pages remembered between two commits: those that lead to hundreds of thousands of entries. */
const MOST_BRANCHES = 2048;

class Damage extends Error {}

/**
 * Searches a table as the database does, but believes no page: each one on the way to a key is checked as
 * a whole, and so are those beside it where the key would be the first or last. The database itself takes
 * a key whose bytes, or whose way to it, were damaged for one that is not there.
 *
 * Pages of the latest commit are not used anew while the caller holds any snapshot.
 */
export class PathCheck {
  readonly #path: string;
  #file: number | undefined;
  #header: FileHeader | undefined;
  #fileSize = 0;
  /** Of the commit that the header is of: where tables begin, and what leads to their leaves. */
  readonly #tables = new Map<string, Table>();
  readonly #branches = new Map<bigint, Page>();

  constructor(folder: string) {
    this.#path = databasePath(folder);
  }

  /** Whether a key is in a table, as of the latest commit. @throws StoreError when the file cannot be read */
  search(table: string, key: Uint8Array): PathResult {
    try {
      this.#file ??= openSync(this.#path, 'r');
      const root = this.#findTable(this.#file, table);
      if (root === undefined) return 'damaged';
      return this.#searchTable(root, key) === undefined ? 'absent' : 'found';
    } catch (error) {
      if (error instanceof Damage || (error instanceof StoreError && error.code === 'CORRUPT'))
        return 'damaged';
      throw toStoreError('reading', error);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #findTable(file: number, name: string): Table | undefined {
    const header = readHeader(file, this.#path);
    if (header.transaction !== this.#header?.transaction) {
      this.#header = header;
      this.#fileSize = fstatSync(file).size;
      this.#tables.clear();
      this.#branches.clear();
    }
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const tables = tableAt('tables', header.tables, TABLE_BYTES, true);
    const found = this.#searchTable(tables, Buffer.from(`${name}\0`));
    if (found === undefined) return undefined;
    const { page, at } = found;
    if (page.view.getUint16(at + 4, true) !== SUB_TABLE) return undefined;
    const start = at + NODE_HEADER + page.view.getUint16(at + 6, true);
    const table = tableAt(name, page.bytes, start, true);
    this.#tables.set(name, table);
    return table;
  }

  #searchTable(table: Table, key: Uint8Array): { readonly page: Page; readonly at: number } | undefined {
    const isEmpty = table.root === NO_PAGE;
    if (isEmpty && table.entries === 0n) return undefined;
    if (isEmpty || table.depth === 0 || table.depth > MAX_DEPTH) throw new Damage();
    let number = table.root;
    let bounds: Bounds = {};
    // The nearest ways that lead past the key, on either side.
    let left: Way | undefined;
    let right: Way | undefined;
    for (let depth = table.depth; depth > 1; depth--) {
      const page = this.#readPage(number, BRANCH, bounds);
      const keys = keysOf(page, BRANCH);
      let child = keys.length - 1;
      while (child > 0 && compareBytes(keys[child]!, key) > 0) child--;
      const way = (i: number): Way => ({
        number: childOf(page.view, page.nodes[i]!),
        depth: depth - 1,
        bounds: { low: keys[i] ?? bounds.low, high: keys[i + 1] ?? bounds.high },
      });
      if (child > 0) left = way(child - 1);
      if (child < keys.length - 1) right = way(child + 1);
      ({ number, bounds } = way(child));
    }
    const leaf = this.#readPage(number, LEAF, bounds);
    const index = firstNotBelow(leaf, key);
    const at = leaf.nodes[index];
    if (at !== undefined && compareBytes(keyOf(leaf, at), key) === 0) return { page: leaf, at };
    // One of its neighbours may be itself, with other bytes.
    for (const node of leaf.nodes.slice(Math.max(0, index - 1), index + 1))
      if (!isSound(leaf, node)) throw new Damage();
    // A damaged border between two pages leads to the wrong one, beyond whose end the key seems to belong.
    if (at === leaf.nodes[0] && left !== undefined) this.#checkEdge(left, -1);
    if (at === undefined && right !== undefined) this.#checkEdge(right, 0);
    return undefined;
  }

  /** Checks the pages along one edge of a tree. */
  #checkEdge({ number, depth, bounds }: Way, edge: 0 | -1): void {
    const page = this.#readPage(number, depth > 1 ? BRANCH : LEAF, bounds);
    if (depth === 1) return;
    const keys = keysOf(page, BRANCH);
    const isFirst = edge === 0;
    this.#checkEdge(
      {
        number: childOf(page.view, page.nodes.at(edge)!),
        depth: depth - 1,
        bounds: isFirst
          ? { low: bounds.low, high: keys[1] ?? bounds.high }
          : { low: keys.at(-1) ?? bounds.low, high: bounds.high },
      },
      edge,
    );
  }

  #readPage(number: bigint, kind: number, bounds: Bounds): Page {
    const known = kind === BRANCH ? this.#branches.get(number) : undefined;
    if (known !== undefined) return known;
    const { pageSize, lastPage } = this.#header!;
    if (number < 2n || number > BigInt(lastPage) || (Number(number) + 1) * pageSize > this.#fileSize)
      throw new Damage();
    const view = new DataView(new ArrayBuffer(pageSize));
    readSync(this.#file!, view, 0, pageSize, Number(number) * pageSize);
    if (headProblem(view, number, kind) !== undefined) throw new Damage();
    const page = readNodes(view, kind);
    if (page === undefined || !areSorted(keysOf(page, kind), bounds)) throw new Damage();
    if (kind === BRANCH && this.#branches.size < MOST_BRANCHES) this.#branches.set(number, page);
    return page;
  }
}

/** Which node of a leaf is the first whose key is not below this one; one beyond the last when there is none. */
function firstNotBelow(leaf: Page, key: Uint8Array): number {
  let from = 0;
  let to = leaf.nodes.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareBytes(keyOf(leaf, leaf.nodes[middle]!), key) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Whether a value that lies beside its key is the one that was stored with it. */
function isSound(page: Page, node: number): boolean {
  if (page.view.getUint16(node + 4, true) !== 0) return true;
  const start = node + NODE_HEADER + page.view.getUint16(node + 6, true);
  const stored = page.bytes.subarray(start, start + page.view.getUint32(node, true));
  return checkedValue(keyOf(page, node), stored) !== undefined;
}

interface Way {
  readonly number: bigint;
  readonly depth: number;
  readonly bounds: Bounds;
}
