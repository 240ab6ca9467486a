import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { compareBytes } from '@enigma-worker/crypto';
import type { Progress } from './progress.js';
import { databasePath, readHeader, type FileHeader } from './file-check.js';

/** What is wrong with the tree of pages in a database file. */
export interface StructureReport {
  readonly problems: readonly string[];
  /** The version of the file that was looked at; another one later means that it was written meanwhile. */
  readonly transaction: bigint;
  /** Pages in use. */
  readonly pages: number;
}

// A page is number(8) ‖ transaction(8) ‖ pad(2) ‖ flags(2) ‖ lower(2) ‖ upper(2) ‖ offsets of nodes(2 each) ‖ ...
// or, for a large value, ... ‖ flags(2) ‖ pages(4) ‖ bytes. A node is low(2) ‖ high(2) ‖ flags(2) ‖ key size(2) ‖
// key ‖ data. A table is pad(4) ‖ flags(2) ‖ depth(2) ‖ three counts(24) ‖ entries(8) ‖ root(8). Little-endian.
const PAGE_HEADER = 24;
const NODE_HEADER = 8;
const TABLE_BYTES = 48;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const LARGE_VALUE = 1;
const SUB_TABLE = 2;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const MAX_DEPTH = 64;
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

interface Table {
  readonly name: string;
  readonly root: bigint;
  readonly depth: number;
  readonly entries: bigint;
  /** Keys of the table of free pages are integers, not in the order of their bytes. */
  readonly isSorted: boolean;
}

interface Page {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Where each node begins. */
  readonly nodes: readonly number[];
}

/** What the keys of a page must not be below, and must be below. */
interface Bounds {
  readonly low?: Uint8Array | undefined;
  readonly high?: Uint8Array | undefined;
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
    // The first key of a branch is not used.
    const keys = page.nodes.map((at, i) => (depth > 1 && i === 0 ? undefined : keyOf(page, at)));
    if (table.isSorted && !areSorted([bounds.low, ...keys], bounds.high)) {
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
    const { pageSize } = this.#header;
    // These, and the offsets of nodes, count from the end of the header.
    const lower = PAGE_HEADER + view.getUint16(20, true);
    const upper = PAGE_HEADER + view.getUint16(22, true);
    const bad = (): undefined =>
      this.#problem(`page ${number} of table ${table.name}: its layout is damaged`);
    if (lower % 2 !== 0 || lower > upper || upper > pageSize) return bad();
    const nodes: number[] = [];
    for (let at = PAGE_HEADER; at < lower; at += 2) {
      const node = PAGE_HEADER + view.getUint16(at, true);
      if (node < upper || node + NODE_HEADER > pageSize) return bad();
      const flags = kind === LEAF ? view.getUint16(node + 4, true) : 0;
      const size = kind === BRANCH ? 0 : (flags & LARGE_VALUE) !== 0 ? 24 : view.getUint32(node, true);
      if (node + NODE_HEADER + view.getUint16(node + 6, true) + size > pageSize) return bad();
      nodes.push(node);
    }
    if (nodes.length === 0) return bad();
    return { view, bytes: new Uint8Array(view.buffer), nodes };
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
    if (view.getBigUint64(0, true) !== number) return bad('has another number in it');
    if ((view.getUint16(18, true) & (BRANCH | LEAF | OVERFLOW)) !== kind) return bad('is of the wrong kind');
    return view;
  }
}

function tableAt(name: string, bytes: Uint8Array, at: number, isSorted: boolean): Table {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, TABLE_BYTES);
  return {
    name,
    depth: view.getUint16(6, true),
    entries: view.getBigUint64(32, true),
    root: view.getBigUint64(40, true),
    isSorted,
  };
}

function keyOf({ view, bytes }: Page, at: number): Uint8Array {
  const start = at + NODE_HEADER;
  return bytes.subarray(start, start + view.getUint16(at + 6, true));
}

/** Whether keys ascend and stay below `high`. The first, a bound, may be equal to the second. */
function areSorted(keys: readonly (Uint8Array | undefined)[], high: Uint8Array | undefined): boolean {
  let previous: Uint8Array | undefined;
  for (const [i, key] of [...keys, high].entries()) {
    if (key === undefined) continue;
    const order = previous === undefined ? -1 : compareBytes(previous, key);
    if (order > 0 || (order === 0 && i > 1)) return false;
    previous = key;
  }
  return true;
}

function childOf(view: DataView, at: number): bigint {
  return BigInt(view.getUint32(at, true)) | (BigInt(view.getUint16(at + 4, true)) << 32n);
}
