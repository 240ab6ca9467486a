import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@enigma-worker/host';
import { toStoreError } from '../database-errors.js';
import { Database } from '../database.js';
import { StoreError } from '../errors.js';
import { databasePath, journalPath, memoryMark } from '../file-check.js';
import { isDiskFull } from '../full-disk.js';
import { openRoot, openRootInMemory } from '../root.js';
import type { CommitObserver } from '../store.js';
import { Journal, unpublished } from './journal.js';
import { LoosePages } from './loose-pages.js';
import { MapRoom } from './map-room.js';
import { MemoryLog } from './memory-log.js';
import type { MemoryOptions } from './options.js';
import { packJournal } from './packing.js';
import { replay } from './replay.js';

/** How a database in memory is opened. */
export interface MemoryContext {
  readonly logger: Logger;
  /** Whether the last user of the journal came to a sudden end. */
  readonly isSuspect: boolean;
  readonly observer?: CommitObserver | undefined;
}

const DEFAULT_BYTES = 256 * 1024 * 1024;
const SHORTEST_TO_PACK = 16 * 1024 * 1024;
/** A journal is packed when it is this many times as long as when it last was. */
const GROWTH = 2;
const CHUNK = 1024 * 1024;

/** A database in a memory map, made anew at each start from the journal of a data folder. */
export class MemoryDatabase {
  readonly database: Database;
  readonly #log: MemoryLog;
  readonly #path: string;
  readonly #options: MemoryOptions;
  readonly #logger: Logger;
  #journal: Journal;
  #packAt: number;
  #packing: Promise<void> | undefined;
  #isClosing = false;

  private constructor(
    parts: { readonly database: Database; readonly log: MemoryLog; readonly journal: Journal },
    path: string,
    options: MemoryOptions,
    logger: Logger,
  ) {
    this.database = parts.database;
    this.#log = parts.log;
    this.#journal = parts.journal;
    this.#path = path;
    this.#options = options;
    this.#logger = logger;
    this.#packAt = options.shortestToPack ?? SHORTEST_TO_PACK;
    this.#log.use(this.#journal, () => this.#packWhenLong());
    this.#packWhenLong();
  }

  /** @throws StoreError; what the cipher throws when it has another key than the journal */
  static async open(folder: string, options: MemoryOptions, context: MemoryContext): Promise<MemoryDatabase> {
    if (existsSync(databasePath(folder))) {
      throw new StoreError(
        'NOT_A_STORE',
        `${folder} holds a store on the disk, which is not taken into memory: use another data folder`,
      );
    }
    const path = journalPath(folder);
    // Of packing that a sudden end cut short.
    rmSync(unpublished(path), { force: true });
    const mapFolder = await makeMap(folder, options);
    const root = openRootInMemory(mapFolder, options.bytes ?? DEFAULT_BYTES);
    const room = new MapRoom(root, options.bytes ?? DEFAULT_BYTES);
    const log = new MemoryLog(room, new LoosePages(root));
    const database = Database.over(mapFolder, () => root, { log, observer: context.observer });
    let journal: Journal | undefined;
    try {
      journal = Journal.open(path, options.cipher);
      if (journal === undefined) {
        journal = Journal.begin(path, options.cipher);
        journal.publish();
      } else {
        replay(journal, database, room, (bytes) => cutShort(path, bytes, context));
      }
      return new MemoryDatabase({ database, log, journal }, path, options, context.logger);
    } catch (error) {
      journal?.close();
      await database.close();
      rmSync(mapFolder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends packing, which reads the database: before that is closed. */
  async stop(): Promise<void> {
    this.#isClosing = true;
    await this.#packing;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.database.close();
    try {
      this.#journal.close();
    } finally {
      rmSync(this.database.folder, { recursive: true, force: true });
    }
  }

  #packWhenLong(): void {
    if (this.#journal.size < this.#packAt || this.#isClosing) return;
    this.#packing ??= this.#pack().finally(() => (this.#packing = undefined));
  }

  async #pack(): Promise<void> {
    const old = this.#journal;
    const target = { path: this.#path, cipher: this.#options.cipher };
    const adopt = (packed: Journal): void => {
      this.#journal = packed;
      this.#log.use(packed, () => this.#packWhenLong());
      old.close();
    };
    try {
      await packJournal(this.database, old, target, () => this.#isClosing, adopt);
    } catch (error) {
      // Nothing depends on it as long as the old journal is the one: it is longer than it need be.
      this.#logger.warn({ error }, 'the journal could not be packed');
      if (this.#journal !== old) this.#log.fail(error);
    }
    this.#packAt = Math.max(this.#options.shortestToPack ?? SHORTEST_TO_PACK, GROWTH * this.#journal.size);
  }
}

function cutShort(path: string, bytes: number, { isSuspect, logger }: MemoryContext): void {
  if (!isSuspect)
    throw new StoreError('CORRUPT', `${path} is damaged: its last ${bytes} bytes make no sense`);
  logger.warn(
    { bytes },
    'the end of the journal, which a sudden end cut short before it was acknowledged, was dropped',
  );
}

/**
 * A folder with an empty database whose file has its full size: it must neither grow under its map, nor lack
 * room when a page of the map is written.
 */
async function makeMap(
  dataFolder: string,
  { bytes = DEFAULT_BYTES, folder = tmpdir() }: MemoryOptions,
): Promise<string> {
  // The same at each start, so that what a sudden end leaves does not pile up.
  const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  const path = join(folder, `enigma-${name}`);
  try {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(memoryMark(path), '');
    // The database ends the process when there is no room for the first pages of a file that it makes and maps.
    if (isDiskFull(folder))
      throw new StoreError('DISK_FULL', `making the memory map ${path}: no room is left in ${folder}`);
    await openRoot(path, 'write', CHUNK).close();
    const zeros = Buffer.alloc(CHUNK);
    for (let { size } = statSync(databasePath(path)); size < bytes; size += CHUNK) {
      appendFileSync(databasePath(path), zeros.subarray(0, Math.min(CHUNK, bytes - size)));
    }
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw toStoreError(`making the memory map ${path}`, error);
  }
  return path;
}
