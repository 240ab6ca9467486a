import type { Logger } from '@enigma-worker/host';
import type { MemoryOptions } from './memory/options.js';
import type {
  ContractRecord,
  DeltaEntry,
  DeltaRange,
  SealedStateKey,
  StateChange,
  TaskCommit,
} from './records.js';

/** Told of commits, for metrics. */
export interface CommitObserver {
  /** Seconds until it was on the disk, and how many operations shared it. */
  committed(seconds: number, operations: number): void;
  /** An operation whose commit failed: nothing of it is stored. */
  failed(): void;
}

/** Options of a store; every one has a default. */
export interface StoreOptions {
  readonly logger?: Logger;
  /** Most bytes of deltas in one bulk reply, but for one delta that is larger; 16 MiB by default. */
  readonly maxReplyBytes?: number;
  /** Bytes of tips kept in memory; 16 MiB by default. */
  readonly tipCacheBytes?: number;
  readonly observer?: CommitObserver;
  /** Holds the store in memory, with a sealed journal on the disk; by default it is a database on the disk. */
  readonly memory?: MemoryOptions;
}

/**
 * Reads of single things, at the speed of a memory map. All bytes given out are copies.
 * Everything throws StoreError `CORRUPT` when what is stored was damaged, and `CLOSED` after `close`.
 */
export interface StoreReader extends AsyncDisposable {
  /**
   * Lets go of the snapshot that is read from; the next read takes a new one. Needed in threads that do
   * not return to their event loop, before a task, to see what was written, and after it: while a snapshot
   * is held, no page that it shows can be used again, and the file grows.
   */
  refresh(): void;

  /** What is known of a contract. */
  contract(address: Uint8Array): ContractRecord | undefined;

  /** The bytecode with this hash. */
  bytecode(codeHash: Uint8Array): Uint8Array | undefined;

  /**
   * The envelope of one delta.
   * @param record of the contract, if it was read just before: for who reads one delta after the other
   */
  delta(address: Uint8Array, index: number, record?: ContractRecord): Uint8Array | undefined;

  /** One sealed value of the state with this id; to be used before the next read. */
  stateValue(stateId: Uint8Array, tag: Uint8Array): Uint8Array | undefined;

  /** Every sealed value of the state with this id, in the order of the tags. */
  stateValues(stateId: Uint8Array): Iterable<{ readonly tag: Uint8Array; readonly value: Uint8Array }>;

  /** The sealed state key of a contract. */
  stateKey(address: Uint8Array): Uint8Array | undefined;

  /** A named piece of sealed data, for example the worker's identity. */
  blob(name: string): Uint8Array | undefined;

  close(): Promise<void>;
}

/**
 * All that the core keeps. There is one in a process, which alone writes; every write is atomic, and
 * durable when its promise resolves. Concurrent writes share one flush. When a write fails nothing of
 * it is stored and its promise rejects with a StoreError (`DISK_FULL`, `IO`, ...).
 */
export interface Store extends StoreReader {
  /** The folder that `openStoreReader` opens in another thread of this process. */
  readonly readerFolder: string;

  /** The latest delta of a contract; none when it is unknown or has no delta. */
  getTip(address: Uint8Array): DeltaEntry | undefined;

  /** The latest delta of each contract. @throws StoreError `UNKNOWN_CONTRACT`, `NO_DELTA`, `REPLY_TOO_LARGE` */
  getTips(addresses: readonly Uint8Array[]): Promise<DeltaEntry[]>;

  /** The latest delta of every contract that has one. @throws StoreError `REPLY_TOO_LARGE` */
  getAllTips(): Promise<DeltaEntry[]>;

  /** Every contract known. */
  getAllAddresses(): Promise<Uint8Array[]>;

  /** The deltas stored in the ranges, in order. @throws StoreError `UNKNOWN_CONTRACT`, `REPLY_TOO_LARGE` */
  getDeltas(ranges: readonly DeltaRange[]): Promise<DeltaEntry[]>;

  /** As {@link getTips}, one by one. */
  readTips(addresses: readonly Uint8Array[], into: DeltaSink): Promise<void>;

  /** As {@link getAllTips}, one by one. */
  readAllTips(into: DeltaSink): Promise<void>;

  /** As {@link getDeltas}, one by one. */
  readDeltas(ranges: readonly DeltaRange[], into: DeltaSink): Promise<void>;

  /** The bytecode of a contract; none when it is unknown or came without. */
  getContract(address: Uint8Array): Uint8Array | undefined;

  /**
   * UpdateNewContract: sets the bytecode. False, and nothing changes, when the contract has deltas and
   * other bytecode.
   */
  updateContract(address: Uint8Array, bytecode: Uint8Array): Promise<boolean>;

  /**
   * UpdateDeltas: stores each delta whose place is free. For each, in order, whether it is now stored:
   * false when another delta has its place.
   */
  updateDeltas(deltas: readonly DeltaEntry[]): Promise<boolean[]>;

  /** UpdateNewContractOnDeployment: bytecode and delta, both or neither; whether they are now stored. */
  updateContractOnDeployment(
    address: Uint8Array,
    bytecode: Uint8Array,
    delta: Omit<DeltaEntry, 'address'>,
  ): Promise<boolean>;

  /**
   * RemoveContract: bytecode, deltas and state, at once for everyone; what there is to delete goes later. The state key
   * stays. An unknown contract is fine.
   */
  removeContract(address: Uint8Array): Promise<void>;

  /**
   * RemoveDeltas: and the state, when it was built from one of them. Missing deltas are fine. Thousands are
   * removed in several transactions, the first ones first: others go on in between.
   */
  removeDeltas(ranges: readonly DeltaRange[]): Promise<void>;

  /**
   * Stores what a task changed.
   * @throws StoreError `CONFLICT` when the state is no longer the one the task started from or another
   * delta has its place, `CONTRACT_EXISTS` when a deployment finds the address taken
   */
  commitTask(task: TaskCommit): Promise<void>;

  /** Stores a step of building the state from stored deltas. @throws StoreError `CONFLICT` as {@link commitTask} */
  commitBuild(address: Uint8Array, change: StateChange): Promise<void>;

  /** How much is stored, without a walk through it. */
  counts(): StoreCounts;

  /** How often the tip that {@link getTip} was asked for was in memory, and how often not. */
  tipCacheUse(): { readonly hits: number; readonly misses: number };

  /** Stores sealed state keys, replacing earlier ones. */
  putStateKeys(keys: readonly SealedStateKey[]): Promise<void>;

  /** Stores a named piece of sealed data, replacing an earlier one. */
  putBlob(name: string, data: Uint8Array): Promise<void>;
}

/** What takes in deltas as they are read. */
export interface DeltaSink {
  /** Told how many deltas are still to come, about. */
  expect(count: number): void;
  /** @param data must be used up before it returns */
  add(address: Uint8Array, key: number, data: Uint8Array): void;
}

/** How many entries a store has. */
export interface StoreCounts {
  readonly contracts: number;
  readonly deltas: number;
}

/** Whether deltas are stored that the state does not contain yet. */
export function isBehind(record: ContractRecord): boolean {
  return record.tip !== undefined && (record.state === undefined || record.state.index < record.tip);
}
