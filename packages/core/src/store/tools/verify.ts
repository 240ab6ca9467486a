import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { equalBytes, keccak256, toHex } from '@enigma-worker/crypto';
import { bytesKey } from '../../bytes/bytes-key.js';
import { type Bucket, CHAIN_LENGTH, indexOf } from '../buckets.js';
import { decodeRecord } from '../contract-record.js';
import type { Database, Snapshot } from '../database.js';
import { StoreError } from '../errors.js';
import { databasePath } from '../file-check.js';
import { lockFolder } from '../lock-folder.js';
import { checkSchema } from '../migrations.js';
import { noStore, openDatabase } from '../open-database.js';
import type { Progress } from '../progress.js';
import type { ContractRecord, StateHead } from '../records.js';
import { checkStructure } from '../structure.js';

/** Looks into what is sealed, for contracts whose state key it has. */
export interface Inspector {
  /** Nothing when the state key of the contract is not known. */
  contract(address: Uint8Array): ContractInspector | undefined;
}

/** Looks into what is sealed of one contract. */
export interface ContractInspector {
  /** The hash that a delta names as that of the one before it; nothing when it does not open. */
  previousHash(delta: Uint8Array): Uint8Array | undefined;
  /** Whether a sealed value opens in its place. */
  opens(stateId: Uint8Array, tag: Uint8Array, value: Uint8Array): boolean;
}

/** Something that is not as it must be. */
export interface Problem {
  /** What it is about, for example `contract 00ab…, delta 7`. */
  readonly where: string;
  readonly what: string;
}

/** What {@link verifyStore} looked at and found. */
export interface VerifyReport {
  readonly problems: readonly Problem[];
  readonly contracts: number;
  readonly deltas: number;
  readonly stateValues: number;
  /** Contracts whose sealed data was looked into. */
  readonly inspected: number;
}

/** Options of {@link verifyStore}. */
export interface VerifyOptions {
  /** Without one, what is sealed is not looked into. */
  readonly inspector?: Inspector;
  readonly progress?: Progress;
}

const STRUCTURE_ATTEMPTS = 5;
const INTERVAL = 500;

/**
 * Checks everything in the store of a folder, also while a core has it open: the pages of the file, the
 * checksum of each value, the hash of each bytecode, the indices of deltas and how they chain, and that
 * sealed values open.
 * @throws StoreError when there is no store, or it cannot be read at all
 */
export async function verifyStore(folder: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const path = resolve(folder);
  if (!existsSync(databasePath(path))) throw noStore(path);
  const structure = await verifyStructure(path, options.progress);
  if (structure.length > 0)
    return { problems: structure, contracts: 0, deltas: 0, stateValues: 0, inspected: 0 };
  const db = openDatabase(path, { mode: 'read' });
  try {
    checkSchema(db);
    using snapshot = db.snapshot();
    const verifier = new Verifier(db, snapshot, options);
    return await verifier.run();
  } finally {
    await db.close();
  }
}

async function verifyStructure(folder: string, progress?: Progress): Promise<Problem[]> {
  for (let attempt = 1; ; attempt++) {
    const report = checkStructure(folder, progress);
    const isDone = report.problems.length === 0 || !(await isLocked(folder));
    // While a core writes, pages are used anew: what looks damaged may be of two versions.
    const isUnchanged = isDone || checkStructure(folder).transaction === report.transaction;
    if (isDone || isUnchanged) return report.problems.map((what) => ({ where: 'database file', what }));
    if (attempt === STRUCTURE_ATTEMPTS) return [];
  }
}

async function isLocked(folder: string): Promise<boolean> {
  try {
    const lock = await lockFolder(folder);
    await lock.releaseAsFound();
    return false;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'LOCKED') return true;
    throw error;
  }
}

class Verifier {
  readonly #db: Database;
  readonly #snapshot: Snapshot;
  readonly #options: VerifyOptions;
  readonly #problems: Problem[] = [];
  readonly #codeUses = new Map<string, number>();
  readonly #stateIds = new Set<string>();
  readonly #chains = new Set<string>();
  #contracts = 0;
  #deltas = 0;
  #stateValues = 0;
  #inspected = 0;
  #done = 0;

  constructor(db: Database, snapshot: Snapshot, options: VerifyOptions) {
    this.#db = db;
    this.#snapshot = snapshot;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    for (const { key, value } of this.#db.scan('contracts', {}, this.#snapshot))
      await this.#verifyContract(key, value);
    await this.#verifyOrphans();
    await this.#verifyBytecode();
    for (const bucket of ['meta', 'stateKeys', 'blobs', 'dropped'] as const) this.#verifyValues(bucket);
    return {
      problems: this.#problems,
      contracts: this.#contracts,
      deltas: this.#deltas,
      stateValues: this.#stateValues,
      inspected: this.#inspected,
    };
  }

  #problem(where: string, what: string): void {
    this.#problems.push({ where, what });
  }

  async #step(): Promise<void> {
    if (++this.#done % INTERVAL !== 0) return;
    this.#options.progress?.(
      this.#done,
      this.#db.count('contracts') + this.#db.count('deltas') + this.#db.count('states'),
    );
    await nextTurn();
  }

  async #verifyContract(address: Uint8Array, value: Uint8Array | undefined): Promise<void> {
    this.#contracts++;
    await this.#step();
    const name = `contract ${toHex(address)}`;
    const record = value && decodeRecord(value);
    if (record === undefined) return this.#problem(name, 'its record is damaged');
    if (record.codeHash !== undefined) {
      const hash = bytesKey(record.codeHash);
      this.#codeUses.set(hash, (this.#codeUses.get(hash) ?? 0) + 1);
      if (!this.#db.has('bytecodeUses', record.codeHash, this.#snapshot))
        this.#problem(name, 'its bytecode is missing');
    }
    const inspector = this.#options.inspector?.contract(address);
    if (inspector !== undefined) this.#inspected++;
    await this.#verifyDeltas(name, record, inspector);
    if (record.state !== undefined) await this.#verifyState(name, record.state, inspector);
  }

  async #verifyDeltas(name: string, record: ContractRecord, inspector?: ContractInspector): Promise<void> {
    this.#chains.add(bytesKey(record.chain));
    let count = 0;
    let previous: { readonly index: number; readonly hash: Uint8Array } | undefined;
    for (const { key, value } of this.#db.scan('deltas', { prefix: record.chain }, this.#snapshot)) {
      count++;
      this.#deltas++;
      await this.#step();
      const index = indexOf(key);
      const where = `${name}, delta ${index}`;
      if (value === undefined) {
        this.#problem(where, 'is damaged');
        continue;
      }
      const hash = keccak256(value);
      if (inspector !== undefined) this.#verifyLink(where, inspector.previousHash(value), index, previous);
      if (record.state?.index === index && !equalBytes(record.state.hash, hash))
        this.#problem(where, 'is not the one that the state was built with');
      previous = { index, hash };
    }
    if (count !== record.deltaCount)
      this.#problem(name, `has ${count} deltas, and its record says ${record.deltaCount}`);
    if (previous !== undefined && previous.index !== record.tip)
      this.#problem(name, `its last delta is ${previous.index}, and its record says ${record.tip}`);
    if (record.state !== undefined && record.state.index > (record.tip ?? -1))
      this.#problem(name, 'its state is ahead of its deltas');
  }

  #verifyLink(
    where: string,
    named: Uint8Array | undefined,
    index: number,
    previous?: { readonly index: number; readonly hash: Uint8Array },
  ): void {
    if (named === undefined) return this.#problem(where, 'does not open with the state key');
    const before =
      index === 0 ? new Uint8Array(32) : previous?.index === index - 1 ? previous.hash : undefined;
    if (before !== undefined && !equalBytes(before, named))
      this.#problem(where, 'does not follow the delta before it');
  }

  async #verifyState(name: string, state: StateHead, inspector?: ContractInspector): Promise<void> {
    this.#stateIds.add(bytesKey(state.id));
    for (const { key, value } of this.#db.scan('states', { prefix: state.id }, this.#snapshot)) {
      this.#stateValues++;
      await this.#step();
      const tag = key.subarray(state.id.length);
      const isSound = value !== undefined && inspector?.opens(state.id, tag, value) !== false;
      if (!isSound) this.#problem(`${name}, sealed value ${toHex(tag)}`, 'is damaged');
    }
  }

  #verifyValues(bucket: Bucket): void {
    for (const { key, value } of this.#db.scan(bucket, {}, this.#snapshot)) {
      if (value === undefined) this.#problem(`${bucket} ${toHex(key)}`, 'is damaged');
    }
  }

  /** What belongs to no contract. */
  async #verifyOrphans(): Promise<void> {
    for (const key of this.#db.keys('dropped', {}, this.#snapshot))
      (key.length === CHAIN_LENGTH ? this.#chains : this.#stateIds).add(bytesKey(key));
    const strays = new Set<string>();
    for (const key of this.#db.keys('states', {}, this.#snapshot)) {
      await this.#step();
      const id = key.subarray(0, 16);
      if (!this.#stateIds.has(bytesKey(id))) strays.add(`state ${toHex(id)}`);
    }
    for (const key of this.#db.keys('deltas', {}, this.#snapshot)) {
      const chain = key.subarray(0, CHAIN_LENGTH);
      if (!this.#chains.has(bytesKey(chain))) strays.add(`deltas of chain ${toHex(chain)}`);
    }
    for (const where of strays) this.#problem(where, 'belong to no contract');
  }

  async #verifyBytecode(): Promise<void> {
    for (const { key, value } of this.#db.scan('bytecode', {}, this.#snapshot)) {
      await this.#step();
      const where = `bytecode ${toHex(key)}`;
      if (value === undefined || !equalBytes(keccak256(value), key))
        this.#problem(where, 'is damaged: it has another hash');
    }
    for (const { key, value } of this.#db.scan('bytecodeUses', {}, this.#snapshot)) {
      const uses = value === undefined ? -1 : new DataView(value.buffer, value.byteOffset).getUint32(0);
      const where = `bytecode ${toHex(key)}`;
      if (uses !== (this.#codeUses.get(bytesKey(key)) ?? 0))
        this.#problem(where, 'has a wrong count of the contracts that use it');
      if (!this.#db.has('bytecode', key, this.#snapshot)) this.#problem(where, 'is missing');
    }
  }
}
