import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';

// A page begins with number(8) ‖ transaction(8) ‖ pad(2) ‖ flags(2) ‖ ...; a meta page goes on with
// magic(4) ‖ version(4) ‖ address(8) ‖ map size(8) ‖ two tables(48 each) ‖ last page(8) ‖ transaction(8).
const MAGIC = 0xbeefc0de;
const META_BYTES = 160;
const MAGIC_AT = 24;
const TABLES_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;

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

/**
 * Looks at a database file before the database does, which trusts it blindly: memory that is not there
 * would end the process. Returns its header; nothing when there is no file yet.
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
    return { ...header, isComplete: size >= (header.lastPage + 1) * header.pageSize };
  } finally {
    closeSync(file);
  }
}

/** Reads the header of an open database file. @throws StoreError `CORRUPT` */
export function readHeader(file: number, path: string): FileHeader {
  const first = readMeta(file, 0);
  const second = first && readMeta(file, first.pageSize);
  if (first === undefined || second === undefined || !areInTurn(first.transaction, second.transaction)) {
    throw new StoreError('CORRUPT', `${path} is not a database, or its head is damaged`);
  }
  return second.transaction > first.transaction ? second : first;
}

/** Transactions use the two pages in turn: anything else would lead back to an old state of the file. */
function areInTurn(even: bigint, odd: bigint): boolean {
  const isFresh = even === 0n; // A new file, or a compact copy of one.
  return even % 2n === 0n && odd % 2n === 1n && (isFresh || odd === even + 1n || odd === even - 1n);
}

function readMeta(file: number, at: number): FileHeader | undefined {
  const bytes = new Uint8Array(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  const pageSize = view.getUint32(TABLES_AT, true);
  const isSound = pageSize >= 256 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  if (!isSound || view.getUint32(MAGIC_AT, true) !== MAGIC) return undefined;
  return {
    pageSize,
    lastPage: Number(view.getBigUint64(LAST_PAGE_AT, true)),
    transaction: view.getBigUint64(TRANSACTION_AT, true),
    tables: bytes.subarray(TABLES_AT, LAST_PAGE_AT),
  };
}
