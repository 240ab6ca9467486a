import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';

// A page begins with number(8) ‖ transaction(8) ‖ pad(2) ‖ flags(2) ‖ ...; a meta page goes on, at byte 24, with
// magic(4) ‖ version(4) ‖ address(8) ‖ map size(8) ‖ two tables(48 each) ‖ last page(8) ‖ transaction(8).
// A table is pad(4) ‖ flags(2) ‖ ... ‖ root(8); the pad of the first is the page size.
const META_BYTES = 160;
const PAGE_BYTES = 16;
const META_FLAG = 8;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const TABLES_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
/** Flags of the table of free pages, whose keys are integers, and of the table of tables. */
const TABLE_FLAGS = [8, 0] as const;
const TABLE_BYTES = 48;
const ROOT_AT = 40;
/** What all pages of a compact copy were written by, whatever its head says. */
const COPIED_TRANSACTION = 1n;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Address space set aside for a database: it is not taken from memory or disk. Files are not larger. */
export const MAP_SIZE = 2 ** 38;
/** While a core writes, the two meta pages may be read at different moments. */
const ATTEMPTS = 5;

/** What the newer of the two meta pages says. */
export interface FileHeader {
  readonly pageSize: number;
  /** Number of the last page that was ever used. */
  readonly lastPage: number;
  /** Counts the transactions that changed the file. */
  readonly transaction: bigint;
  /** The tables of free pages and of tables, 48 bytes each. */
  readonly tables: Uint8Array;
}

/** The database file of a data folder. */
export function databasePath(folder: string): string {
  return join(folder, 'data.mdb');
}

/** The journal of a data folder whose store is in memory. */
export function journalPath(folder: string): string {
  return join(folder, 'journal');
}

/** A file beside a database whose map is all there is of it: what is in its file may be old, or nothing. */
export function memoryMark(folder: string): string {
  return join(folder, 'in-memory');
}

/** Whether the database of a folder is in memory: only the process that made it can read it. */
export function isInMemory(folder: string): boolean {
  return existsSync(memoryMark(folder));
}

/**
 * Looks at a database file before the database does, which trusts it blindly: memory that is not there
 * would end the process. Returns its header; nothing when there is no file yet, or
 * one in which nothing was ever written.
 * @throws StoreError `CORRUPT` when the file is no database
 */
export function checkFile(folder: string): (FileHeader & { readonly isComplete: boolean }) | undefined {
  const path = databasePath(folder);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw toStoreError(`opening ${path}`, error);
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    const header = readHeader(file, path);
    // What made it came to an end before its first transaction.
    if (header.transaction === 0n) return undefined;
    return { ...header, isComplete: size >= (header.lastPage + 1) * header.pageSize };
  } finally {
    closeSync(file);
  }
}

/** Reads the header of an open database file. @throws StoreError `CORRUPT` */
export function readHeader(file: number, path: string): FileHeader {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const header = tryReadHeader(file);
    if (header !== undefined) return header;
  }
  throw new StoreError('CORRUPT', `${path} is not a database, or its head is damaged`);
}

function tryReadHeader(file: number): FileHeader | undefined {
  const even = readMeta(file, 0);
  const odd = even && readMeta(file, even.pageSize);
  if (even === undefined || odd === undefined || even.pageSize !== odd.pageSize) return undefined;
  // A new file, or a compact copy of one, in which only the second was used.
  const isFresh = even.transaction === 0n && odd.transaction % 2n === 1n;
  // Otherwise transactions use the two in turn: anything else would lead back to an old state of the file.
  const areInTurn =
    even.transaction % 2n === 0n && Math.abs(Number(even.transaction - odd.transaction)) === 1;
  const [newer, older] = odd.transaction > even.transaction ? [odd, even] : [even, odd];
  const oldWriter = rootWriter(file, older);
  // Between the first and the second transaction after a compact copy, the older one is what the copy came with.
  const isCopied = older === odd && oldWriter === COPIED_TRANSACTION;
  const areOwn =
    areInTurn &&
    rootWriter(file, newer) === newer.transaction &&
    (oldWriter === older.transaction || isCopied);
  const areUnused = [even, odd].every((meta) => meta.transaction === 0n && rootOf(meta) === NO_PAGE);
  if (!isFresh && !areOwn && !areUnused) return undefined;
  return newer;
}

function readMeta(file: number, at: number): FileHeader | undefined {
  const bytes = new Uint8Array(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  const pageSize = view.getUint32(TABLES_AT, true);
  const lastPage = Number(view.getBigUint64(LAST_PAGE_AT, true));
  const isSound =
    view.getUint16(18, true) === META_FLAG &&
    view.getUint32(24, true) === MAGIC &&
    view.getUint32(28, true) === VERSION &&
    TABLE_FLAGS.every((flags, i) => view.getUint16(TABLES_AT + i * TABLE_BYTES + 4, true) === flags) &&
    pageSize >= 256 &&
    pageSize <= 65_536 &&
    (pageSize & (pageSize - 1)) === 0 &&
    lastPage * pageSize < MAP_SIZE;
  if (!isSound) return undefined;
  const transaction = view.getBigUint64(TRANSACTION_AT, true);
  return { pageSize, lastPage, transaction, tables: bytes.subarray(TABLES_AT, LAST_PAGE_AT) };
}

/**
 * The transaction that wrote the root of the table of tables: always the one that points to it, but in a compact copy.
 * Nothing when there is no such page.
 */
function rootWriter(file: number, header: FileHeader): bigint | undefined {
  const { pageSize, lastPage, transaction } = header;
  const root = rootOf(header);
  if (root === NO_PAGE) return transaction;
  if (root > BigInt(lastPage)) return undefined;
  const page = new DataView(new ArrayBuffer(PAGE_BYTES));
  // What lies beyond the end of the file is found, and named, when its pages are walked.
  if (readSync(file, page, 0, PAGE_BYTES, Number(root) * pageSize) < PAGE_BYTES) return transaction;
  return page.getBigUint64(0, true) === root ? page.getBigUint64(8, true) : undefined;
}

/** The root of the table of tables. */
function rootOf({ tables }: FileHeader): bigint {
  return new DataView(tables.buffer, tables.byteOffset).getBigUint64(TABLE_BYTES + ROOT_AT, true);
}
