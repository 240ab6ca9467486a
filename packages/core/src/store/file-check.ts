import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';

/** The file of a database inside its folder. */
export const DATABASE_FILE = 'data.mdb';

// A page begins with number(8) ‖ transaction(8) ‖ pad(2) ‖ flags(2) ‖ ...; a meta page goes on with
// magic(4) ‖ version(4) ‖ address(8) ‖ map size(8) ‖ two tables(48 each) ‖ last page(8) ‖ transaction(8).
const MAGIC = 0xbeefc0de;
const META_BYTES = 168;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;

/** What the newer of the two meta pages says. */
export interface FileHeader {
  readonly pageSize: number;
  /** Number of the last page in use. */
  readonly lastPage: number;
}

/**
 * Looks at a database file before the database does, which trusts it blindly: memory that is not there
 * would end the process. Returns whether there is one.
 * @throws StoreError `CORRUPT` when the file is no database, or is shorter than it must be
 */
export function checkFile(folder: string): boolean {
  const path = join(folder, DATABASE_FILE);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw toStoreError(`opening ${path}`, error);
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return false;
    const header = readHeader(file, path);
    const needed = (header.lastPage + 1) * header.pageSize;
    if (size < needed) {
      throw new StoreError('CORRUPT', `${path} is truncated: it has ${size} bytes and needs ${needed}`);
    }
    return true;
  } finally {
    closeSync(file);
  }
}

function readHeader(file: number, path: string): FileHeader {
  const first = readMeta(file, 0);
  const second = first && readMeta(file, first.pageSize);
  if (first === undefined || second === undefined)
    throw new StoreError('CORRUPT', `${path} is not a database, or its head is damaged`);
  return second.transaction > first.transaction ? second : first;
}

function readMeta(file: number, at: number): (FileHeader & { readonly transaction: bigint }) | undefined {
  const bytes = new Uint8Array(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  const pageSize = view.getUint32(PAGE_SIZE_AT, true);
  const lastPage = Number(view.getBigUint64(LAST_PAGE_AT, true));
  const isSound =
    view.getUint32(MAGIC_AT, true) === MAGIC &&
    pageSize >= 256 &&
    pageSize <= 65_536 &&
    (pageSize & (pageSize - 1)) === 0;
  return isSound ? { pageSize, lastPage, transaction: view.getBigUint64(TRANSACTION_AT, true) } : undefined;
}
