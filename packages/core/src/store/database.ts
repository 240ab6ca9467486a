import { toHex } from '@enigma-worker/crypto';
import type { Database as Table, RangeOptions, RootDatabase } from 'lmdb';
import { type Bucket, BUCKETS } from './buckets.js';
import { checkedValue, withChecksum } from './checksum.js';
import type { Change, CommitLog } from './commit-log.js';
import type { Gathering } from './commits/gathering.js';
import { toReadError, toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';
import { HeadViews } from './head-views.js';
import { isInMemory } from './file-check.js';
import type { MemoryTable } from './memory/loose-pages.js';
import { PathCheck } from './path-check.js';
import { BYTES, openRoot, type Root } from './root.js';
import type { CommitObserver } from './store.js';
import { WriteQueue } from './write-queue.js';

/** An entry as stored, its checksum verified. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Which entries to walk over: those whose key is in [`start`, `end`), and begins with `prefix`. */
export interface Range {
  readonly prefix?: Uint8Array;
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
  readonly limit?: number;
}

/** A state of the database that stays as it is while it is read, whatever is written meanwhile. */
export interface Snapshot extends Disposable {
  readonly transaction: ReturnType<RootDatabase['useReadTransaction']>;
}

interface ReadOptions {
  readonly transaction: Snapshot['transaction'];
}

/** What the binding has and its types leave out. */
interface FastReads {
  getBinaryFast(key: Uint8Array, options?: ReadOptions): Buffer | undefined;
}

type BytesTable = Omit<Table<Buffer, Uint8Array>, 'getBinaryFast'> & FastReads & MemoryTable;

const FIRST_KEY = Uint8Array.of(0);
const LAST_KEY = new Uint8Array(64).fill(0xff);

/** What a database may be given. */
export interface DatabaseModules {
  /** Default `write`. */
  readonly mode?: 'write' | 'read';
  readonly observer?: CommitObserver | undefined;
  /** Makes commits durable when the file itself does not. */
  readonly log?: CommitLog | undefined;
  /** `here`: this thread waits for the disk, because it has nothing else to do. */
  readonly commits?: 'here' | 'elsewhere';
  /** Makes commits wait for each other. */
  readonly gathering?: Gathering;
}

/** The database file: tables of bytes by bytes, every value with a checksum, writes grouped into durable commits. */
export class Database {
  readonly folder: string;
  /** Tables that were not there when the database was opened. */
  readonly missingTables: readonly string[];
  readonly #root: Root;
  readonly #log: CommitLog | undefined;
  readonly #tables: Readonly<Record<Bucket, BytesTable>>;
  readonly #writes: WriteQueue;
  readonly #views = new HeadViews();
  /** None of a database in memory: its file says nothing, and nothing damages it. */
  readonly #paths: PathCheck | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  private constructor(folder: string, root: Root, modules: DatabaseModules) {
    this.folder = folder;
    this.#root = root;
    this.#log = modules.log;
    this.#paths = isInMemory(folder) ? undefined : new PathCheck(folder);
    const names = Object.keys(BUCKETS) as Bucket[];
    const found = new Set(Array.from(root.getKeys({ start: FIRST_KEY }), tableName));
    // One in memory is made anew at each start, and nothing can be missing from it.
    this.missingTables = isInMemory(folder) ? [] : names.filter((name) => !found.has(BUCKETS[name]));
    const openTables = () => names.map((name) => [name, root.openDB({ name: BUCKETS[name], ...BYTES })]);
    // Opened one by one, each that is made would cost a flush. And so they are there all or none.
    const tables = modules.mode === 'read' ? openTables() : root.transactionSync(openTables);
    this.#tables = Object.fromEntries(tables) as Record<Bucket, BytesTable>;
    this.#writes = new WriteQueue(root, folder, modules);
  }

  /** Opens, or makes, the database of a folder. @throws StoreError */
  static open(folder: string, modules: DatabaseModules = {}): Database {
    return Database.over(folder, () => openRoot(folder, modules.mode ?? 'write'), modules);
  }

  /** A database over a file that `openFile` opens. @throws StoreError */
  static over(folder: string, openFile: () => Root, modules: DatabaseModules): Database {
    try {
      return new Database(folder, openFile(), modules);
    } catch (error) {
      throw toStoreError(`opening the store in ${folder}`, error);
    }
  }

  /** A copy of a value. @throws StoreError `CORRUPT` */
  get(bucket: Bucket, key: Uint8Array, snapshot?: Snapshot): Uint8Array | undefined {
    const value = this.view(bucket, key, snapshot);
    return value && copyOf(value);
  }

  /** A value that must be used before the next read. @throws StoreError `CORRUPT` */
  view(bucket: Bucket, key: Uint8Array, snapshot?: Snapshot): Uint8Array | undefined {
    this.#expectOpen();
    let stored: Buffer | undefined;
    try {
      stored = this.#tables[bucket].getBinaryFast(key, snapshot);
    } catch (error) {
      throw toReadError(error);
    }
    if (stored === undefined) return undefined;
    const value = checkedValue(key, stored, this.#views);
    if (value === undefined) throw damaged(bucket, key);
    return value;
  }

  /** Whether there is an entry, damaged or not. */
  has(bucket: Bucket, key: Uint8Array, snapshot?: Snapshot): boolean {
    this.#expectOpen();
    return this.#guard(() => this.#tables[bucket].getBinaryFast(key, snapshot) !== undefined);
  }

  /** Walks over entries; what is yielded are copies. @throws StoreError `CORRUPT` */
  *entries(bucket: Bucket, range: Range = {}, snapshot?: Snapshot): Generator<Entry> {
    for (const { key, value } of this.scan(bucket, range, snapshot)) {
      if (value === undefined) throw damaged(bucket, key);
      yield { key, value };
    }
  }

  /** As {@link entries}, but goes on after a damaged value, for which it yields none. */
  *scan(
    bucket: Bucket,
    range: Range = {},
    snapshot?: Snapshot,
  ): Generator<Pick<Entry, 'key'> & Partial<Entry>> {
    this.#expectOpen();
    const options = rangeOptions(range, snapshot);
    try {
      for (const { key, value } of this.#tables[bucket].getRange(options)) {
        const sound = checkedValue(key, value);
        yield sound === undefined ? { key: plain(key) } : { key: plain(key), value: plain(sound) };
      }
    } catch (error) {
      throw toReadError(error);
    }
  }

  /** Walks over keys alone. */
  *keys(bucket: Bucket, range: Range = {}, snapshot?: Snapshot): Generator<Uint8Array> {
    this.#expectOpen();
    const options = rangeOptions(range, snapshot);
    try {
      for (const key of this.#tables[bucket].getKeys(options)) yield plain(key);
    } catch (error) {
      throw toReadError(error);
    }
  }

  /** The last key with a prefix; the prefix itself must not be a key. */
  lastKey(bucket: Bucket, prefix: Uint8Array): Uint8Array | undefined {
    this.#expectOpen();
    const options = { start: after(prefix) ?? LAST_KEY, reverse: true, limit: 1 };
    const [last] = this.#guard(() => [...this.#tables[bucket].getKeys(options)]);
    return last !== undefined && startsWith(last, prefix) ? plain(last) : undefined;
  }

  /**
   * Makes sure that a key which was not found was not merely hidden by damage to its own bytes, or to the
   * pages that lead to it.
   * @param isWriting whether it is asked inside {@link write}, where the key may have been deleted since the last commit
   * @throws StoreError `CORRUPT`
   */
  confirmMissing(bucket: Bucket, key: Uint8Array, isWriting = false): void {
    this.#expectOpen();
    if (this.#paths === undefined) return;
    const result = this.#paths.search(BUCKETS[bucket], key);
    if (result === 'absent' || (result === 'found' && isWriting)) return;
    if (result === 'found') {
      // It may have been stored after the snapshot that was read.
      this.refresh();
      if (this.has(bucket, key)) return;
    }
    throw new StoreError(
      'CORRUPT',
      `the store is damaged: nobody can tell whether ${bucket} ${toHex(key)} is stored`,
    );
  }

  /** How many entries a table has. */
  count(bucket: Bucket): number {
    this.#expectOpen();
    const stats = this.#guard(() => this.#tables[bucket].getStats()) as {
      readonly entryCount: number;
    };
    return stats.entryCount;
  }

  /** Stores a value; only inside {@link write}. */
  put(bucket: Bucket, key: Uint8Array, value: Uint8Array): void {
    this.#writes.touch(value.length);
    this.#log?.note({ bucket, key, value });
    this.#tables[bucket].putSync(key, withChecksum(key, value));
  }

  /** Deletes a value; only inside {@link write}. */
  remove(bucket: Bucket, key: Uint8Array): void {
    this.#writes.touch();
    this.#log?.note({ bucket, key });
    if (this.#log === undefined) this.#tables[bucket].removeSync(key);
    else this.#log.remove(this.#tables[bucket], key);
  }

  /**
   * Runs an operation that reads and then writes, as if nothing else went on. Operations that come at
   * the same time share one durable commit. One that throws before it wrote anything fails alone.
   */
  write<T>(operation: () => T): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    return this.#writes.run(operation);
  }

  /** Makes changes at once, before anything else uses the database. @throws StoreError */
  apply(changes: Iterable<Change>): void {
    this.#writes.runNow(() => {
      for (const { bucket, key, value } of changes) {
        if (value === undefined) this.remove(bucket, key);
        else this.put(bucket, key, value);
      }
    });
  }

  /** Keeps what is stored now readable. To be disposed of soon: it keeps old pages from being used again. */
  snapshot(): Snapshot {
    this.#expectOpen();
    const transaction = this.#root.useReadTransaction();
    return { transaction, [Symbol.dispose]: () => transaction.done() };
  }

  /** Lets the next read see what was written since the last. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /** Copies the database, as it is now, into an empty folder. */
  async backup(folder: string): Promise<void> {
    this.#expectOpen();
    try {
      await this.#root.backup(folder, true);
    } catch (error) {
      throw toStoreError(`backing up to ${folder}`, error);
    }
  }

  /** Waits for writes under way, then closes. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writes.close();
    this.#closed = true;
    this.#paths?.close();
    await this.#root.close();
  }

  #expectOpen(): void {
    if (this.#closed) throw closedError();
  }

  #guard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toReadError(error);
    }
  }
}

/** A copy; a small one in memory that Node.js keeps for such, since taking it anew costs more than reading. */
function copyOf(value: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafe(value.length);
  copy.set(value);
  return plain(copy);
}

/** The name of a table, which the binding ends with a zero. */
function tableName(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1').replace(/\0$/, '');
}

/** A plain view of a Buffer, which would otherwise leak its surprising `slice` to callers. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function closedError(): StoreError {
  return new StoreError('CLOSED', 'the store is closed');
}

function damaged(bucket: Bucket, key: Uint8Array): StoreError {
  return new StoreError(
    'CORRUPT',
    `the store is damaged: the value of ${bucket} ${toHex(key)} is not what was written`,
  );
}

function rangeOptions(range: Range, snapshot: Snapshot | undefined): RangeOptions {
  const options: RangeOptions = { start: range.start ?? range.prefix ?? FIRST_KEY };
  const end = range.end ?? (range.prefix && after(range.prefix));
  if (end !== undefined) options.end = end;
  if (range.limit !== undefined) options.limit = range.limit;
  if (snapshot !== undefined) options.transaction = snapshot.transaction;
  return options;
}

/** The least key greater than every key with this prefix. */
function after(prefix: Uint8Array): Uint8Array | undefined {
  const end = new Uint8Array(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] !== 0xff) {
      end[i]! += 1;
      return end.subarray(0, i + 1);
    }
  }
  return undefined;
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && prefix.every((byte, i) => key[i] === byte);
}
