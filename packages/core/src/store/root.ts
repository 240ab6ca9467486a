import { createRequire } from 'node:module';
import type * as Lmdb from 'lmdb';
import { BUCKETS } from './buckets.js';
import { MAP_SIZE } from './file-check.js';

// For `require` the binding is one file, for `import` one of twenty modules: a tenth of the start of a process.
const { open } = createRequire(import.meta.url)('lmdb') as typeof Lmdb;

/** The file of a database, with its tables of bytes by bytes. */
export type Root = Lmdb.RootDatabase<Buffer, Uint8Array>;

/** How keys and values of every table are given: as they are. */
export const BYTES = { encoding: 'binary', keyEncoding: 'binary' } as const;

/**
 * How many entries of the list of free pages a transaction looks through, and how many are kept for the
 * next. By default a commit after a large build or removal goes through tens of thousands, which takes
 * a hundred times as long as the commit itself.
 */
const FREE_SPACE = { maxFreeSpaceToLoad: 500, maxFreeSpaceToRetain: 1000 };

const COMMON = {
  ...BYTES,
  maxDbs: Object.keys(BUCKETS).length,
  // A promise of a write resolves when the write is on the disk, and not before.
  overlappingSync: false,
  ...FREE_SPACE,
  // The write queue groups writes itself; the binding's own grouping leaves rejections unhandled.
  eventTurnBatching: false,
};

/**
 * Opens the file of a folder; makes it when it may be written.
 * @param mapSize the most that the file may come to
 */
export function openRoot(folder: string, mode: 'write' | 'read', mapSize = MAP_SIZE): Root {
  return open<Buffer, Uint8Array>({
    path: folder,
    ...COMMON,
    mapSize,
    readOnly: mode === 'read',
  });
}

/**
 * Opens a file as memory: what is written goes to its map and nowhere else. Neither is anything flushed, nor does
 * a process that has no other map of the file ever read what is in the file: under Gramine, which copies a file into the
 * enclave when it is mapped, that would be something else.
 * @param bytes the size of the map, and of the file
 */
export function openRootInMemory(folder: string, bytes: number): Root {
  return open<Buffer, Uint8Array>({
    path: folder,
    ...COMMON,
    // One is for the pages that a transaction drops.
    maxDbs: COMMON.maxDbs + 1,
    mapSize: bytes,
    useWritemap: true,
    noSync: true,
  });
}
