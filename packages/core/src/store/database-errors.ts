import { StoreError, type StoreErrorCode } from './errors.js';

// Numbers of lmdb.h and errno.h, as the binding gives them.
const CODES: ReadonlyMap<number, StoreErrorCode> = new Map([
  [-30797, 'CORRUPT'], // page not found
  [-30796, 'CORRUPT'],
  [-30794, 'CORRUPT'], // another version of the file format
  [-30793, 'CORRUPT'], // not a database file
  [-30792, 'DISK_FULL'], // the map is full
  [1, 'NOT_WRITABLE'], // EPERM
  [13, 'NOT_WRITABLE'], // EACCES
  [27, 'DISK_FULL'], // EFBIG
  [28, 'DISK_FULL'], // ENOSPC
  [30, 'NOT_WRITABLE'], // EROFS
  [122, 'DISK_FULL'], // EDQUOT
]);

const NAMES: ReadonlyMap<string, StoreErrorCode> = new Map([
  ['EPERM', 'NOT_WRITABLE'],
  ['EACCES', 'NOT_WRITABLE'],
  ['EROFS', 'NOT_WRITABLE'],
  ['EFBIG', 'DISK_FULL'],
  ['ENOSPC', 'DISK_FULL'],
  ['EDQUOT', 'DISK_FULL'],
]);

/** What the system calls these, for what the database does without telling a number: it copies itself so. */
const FULL_DISK = /no space left|file too large|quota exceeded/i;

const TEXTS: Readonly<Partial<Record<StoreErrorCode, string>>> = {
  DISK_FULL: 'no room is left on the disk',
  NOT_WRITABLE: 'the data folder may not be written',
  CORRUPT: 'the database file is damaged',
};

/** The database's code for a transaction that an earlier error made useless. */
const BAD_TRANSACTION = -30782;

/** What the database threw while it read: its snapshots break by nothing but damaged pages. */
export function toReadError(error: unknown): StoreError {
  const isBroken = error instanceof Error && 'code' in error && error.code === BAD_TRANSACTION;
  if (!isBroken) return toStoreError('reading', error);
  return new StoreError('CORRUPT', `reading: ${TEXTS.CORRUPT} (${error.message})`, { cause: error });
}

/** What the database or the file system threw, as an error of ours. */
export function toStoreError(action: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  return new StoreError(code, `${action}: ${TEXTS[code] ?? 'the disk or the database failed'} (${detail})`, {
    cause: error,
  });
}

function codeOf(error: unknown): StoreErrorCode {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return CODES.get(code) ?? 'IO';
  if (typeof code === 'string') return NAMES.get(code) ?? 'IO';
  return error instanceof Error && FULL_DISK.test(error.message) ? 'DISK_FULL' : 'IO';
}
