import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Progress } from './progress.js';
import { databasePath, readHeader, type FileHeader } from './file-check.js';
import {
  areSorted,
  type Bounds,
  BRANCH,
  childOf,
  headProblem,
  keysOf,
  LARGE_VALUE,
  LEAF,
  MAX_DEPTH,
  NO_PAGE,
  NODE_HEADER,
  OVERFLOW,
  type Page,
  PAGE_HEADER,
  readNodes,
  SUB_TABLE,
  type Table,
  TABLE_BYTES,
  tableAt,
} from './pages.js';

/** What is wrong with the tree of pages in a database file. */
export interface StructureReport {
  readonly problems: readonly string[];
  /** The version of the file that was looked at; another one later means that it was written meanwhile. */
  readonly transaction: bigint;
  /** Pages in use. */
  readonly pages: number;
}

const MAX_PROBLEMS = 100;
const PROGRESS_INTERVAL = 1000;

/**
 * Walks the whole tree of pages of a database file, without the database: that would believe a damaged
 * page and end the process.
 * @throws StoreError when the file is no database at all
 */
export function checkStructure(folder: string, progress?: Progress): StructureReport {
  const path = databasePath(folder);
  const file = openSync(path, 'r');
  try {
    const header = readHeader(file, path);
    const walk = new Walk(file, header, progress);
    walk.run();
    return { problems: walk.problems, transaction: header.transaction, pages: walk.pages };
  } finally {
    closeSync(file);
  }
}

class Walk {
  readonly problems: string[] = [];
  pages = 0;
  readonly #file: number;
  readonly #header: FileHeader;
  readonly #progress: Progress | undefined;
  readonly #fileSize: number;
  readonly #seen: Uint8Array;

  constructor(file: number, header: FileHeader, progress: Progress | undefined) {
    this.#file = file;
    this.#header = header;
    this.#progress = progress;
    this.#fileSize = fstatSync(file).size;
    this.#seen = new Uint8Array(
      Math.ceil((Math.min(header.lastPage, this.#fileSize / header.pageSize) + 1) / 8),
    );
  }

  run(): void {
    for (const [index, name] of ['free pages', 'tables'].entries()) {
      this.#walkTable(tableAt(name, this.#header.tables, index * TABLE_BYTES, index === 1));
    }
  }

  #problem(text: string): undefined {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(text);
    return undefined;
  }

  #walkTable(table: Table): void {
    if (table.root === NO_PAGE) {
      if (table.entries !== 0n)
        this.#problem(`table ${table.name} says it has ${table.entries} entries and has no page`);
      return;
    }
    if (table.depth === 0 || table.depth > MAX_DEPTH) {
      this.#problem(`table ${table.name} has an impossible depth`);
      return;
    }
    const before = this.problems.length;
    const entries = this.#walkPage(table, table.root, table.depth, {});
    if (this.problems.length === before && BigInt(entries) !== table.entries) {
      this.#problem(`table ${table.name} says it has ${table.entries} entries and has ${entries}`);
    }
  }

  /** Walks the tree below a page, all of whose keys must lie in `bounds`; how many entries it holds. */
  #walkPage(table: Table, number: bigint, depth: number, bounds: Bounds): number {
    const page = this.#readNodes(table, number, depth === 1 ? LEAF : BRANCH);
    if (page === undefined) return 0;
    const keys = keysOf(page, depth > 1 ? BRANCH : LEAF);
    if (table.isSorted && !areSorted(keys, bounds)) {
      this.#problem(`page ${number} of table ${table.name}: its keys are out of order`);
    }
    if (depth === 1) {
      for (const at of page.nodes) this.#checkLeafNode(table, page, at, number);
      return page.nodes.length;
    }
    let entries = 0;
    for (const [i, at] of page.nodes.entries()) {
      const below = { low: keys[i] ?? bounds.low, high: keys[i + 1] ?? bounds.high };
      entries += this.#walkPage(table, childOf(page.view, at), depth - 1, below);
    }
    return entries;
  }

  #checkLeafNode(table: Table, { view, bytes }: Page, at: number, number: bigint): void {
    const flags = view.getUint16(at + 4, true);
    const size = view.getUint32(at, true);
    const keyEnd = at + NODE_HEADER + view.getUint16(at + 6, true);
    if (flags === SUB_TABLE && table.name === 'tables' && size === TABLE_BYTES) {
      const name = Buffer.from(bytes.subarray(at + NODE_HEADER, keyEnd))
        .toString('latin1')
        .replaceAll('\0', '');
      this.#walkTable(tableAt(name, bytes.slice(keyEnd, keyEnd + TABLE_BYTES), 0, true));
    } else if (flags === LARGE_VALUE) {
      this.#checkLargeValue(table, view.getBigUint64(keyEnd, true), size);
    } else if (flags !== 0) {
      this.#problem(`page ${number} of table ${table.name}: an entry of an unknown kind`);
    }
  }

  #checkLargeValue(table: Table, number: bigint, size: number): void {
    const { pageSize } = this.#header;
    const pages = Math.ceil((PAGE_HEADER + size) / pageSize);
    const page = this.#read(table, number, OVERFLOW, pages);
    if (page !== undefined && page.getUint32(20, true) < pages) {
      this.#problem(`page ${number} of table ${table.name}: a large value has too few pages`);
    }
  }

  /** Reads a page with nodes, and checks that all of them lie in it. */
  #readNodes(table: Table, number: bigint, kind: number): Page | undefined {
    const view = this.#read(table, number, kind, 1);
    if (view === undefined) return undefined;
    return (
      readNodes(view, kind) ?? this.#problem(`page ${number} of table ${table.name}: its layout is damaged`)
    );
  }

  /** Reads the first of some pages, each of which may be in use only once. */
  #read(table: Table, number: bigint, kind: number, count: number): DataView | undefined {
    const { pageSize, lastPage } = this.#header;
    const bad = (what: string): undefined => this.#problem(`page ${number} of table ${table.name}: ${what}`);
    if (number < 2n || number + BigInt(count) - 1n > BigInt(lastPage))
      return bad('is not a page of the file');
    const first = Number(number);
    if ((first + count) * pageSize > this.#fileSize) return bad('lies beyond the end of the file');
    for (let page = first; page < first + count; page++) {
      const bit = 1 << (page & 7);
      if ((this.#seen[page >> 3]! & bit) !== 0) return bad('is used twice');
      this.#seen[page >> 3]! |= bit;
      this.pages++;
      if (this.pages % PROGRESS_INTERVAL === 0) this.#progress?.(this.pages, lastPage);
    }
    const view = new DataView(new ArrayBuffer(pageSize));
    readSync(this.#file, view, 0, pageSize, first * pageSize);
    const problem = headProblem(view, number, kind);
    return problem === undefined ? view : bad(problem);
  }
}
