import { equalBytes, keccak256, toHex } from '@enigma-worker/crypto';
import { bytesKey } from '../bytes/bytes-key.js';
import { CHAIN_LENGTH, deltaKey, indexOf, stateKeyOf } from './buckets.js';
import { decodeRecord, encodeRecord, newRecord } from './contract-record.js';
import type { Database } from './database.js';
import { StoreError } from './errors.js';
import type {
  ContractRecord,
  DeltaEntry,
  DeltaRange,
  StateChange,
  StateHead,
  TaskCommit,
} from './records.js';

/** Deleted in one transaction while something dropped is cleared away: short enough not to be noticed. */
const SWEEP_BATCH = 500;

/** Deltas that RemoveDeltas deletes in one transaction. */
const REMOVAL_BATCH = 2000;

const NOTHING = new Uint8Array(0);

/**
 * What each write does, to be run inside a transaction. Each first reads and decides, then writes; what
 * it throws, it throws before its first write.
 */
export class Writes {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** See `Store.updateContract`. */
  updateContract(address: Uint8Array, bytecode: Uint8Array, codeHash: Uint8Array): boolean {
    const record = this.#record(address);
    if (!mayHaveCode(record, codeHash)) return false;
    this.#putRecord(address, this.#withCode(record, bytecode, codeHash));
    return true;
  }

  /** See `Store.updateDeltas`. The positions of those that were refused. */
  updateDeltas(deltas: readonly DeltaEntry[]): number[] {
    const records = new RecordSet((address) => this.#record(address));
    const refused: number[] = [];
    for (const [at, delta] of deltas.entries()) {
      const record = records.get(delta.address);
      const next = this.#withDelta(record, delta);
      if (next === undefined) refused.push(at);
      else if (next !== record) records.set(delta.address, next);
    }
    for (const [address, record] of records.changed()) this.#putRecord(address, record);
    return refused;
  }

  /** See `Store.updateContractOnDeployment`. */
  updateContractOnDeployment(delta: DeltaEntry, bytecode: Uint8Array, codeHash: Uint8Array): boolean {
    const record = this.#record(delta.address);
    if (!mayHaveCode(record, codeHash)) return false;
    const withDelta = this.#withDelta(record, delta);
    if (withDelta === undefined) return false;
    this.#putRecord(delta.address, this.#withCode(withDelta, bytecode, codeHash));
    return true;
  }

  /** See `Store.removeContract`. What is left of a large one is deleted by {@link sweep}. */
  removeContract(address: Uint8Array): void {
    const record = this.#record(address);
    if (record.deltaCount > SWEEP_BATCH) this.#db.put('dropped', record.chain, NOTHING);
    else this.#removeAll('deltas', record.chain);
    if (record.codeHash !== undefined) this.#releaseCode(record.codeHash);
    if (record.state !== undefined) this.#dropState(record.state);
    this.#db.remove('contracts', address);
  }

  /** See `Store.removeDeltas`: deletes some, and gives what is left to be deleted. */
  removeDeltas(ranges: readonly DeltaRange[]): DeltaRange[] {
    let room = REMOVAL_BATCH;
    const left: DeltaRange[] = [];
    for (const range of ranges) {
      if (room === 0) {
        left.push(range);
        continue;
      }
      const removed = this.#removeRange(range, room);
      room -= removed.length;
      const last = removed.at(-1);
      if (room === 0 && last !== undefined) left.push({ ...range, from: indexOf(last) + 1 });
    }
    return left;
  }

  /** See `Store.commitTask`. */
  commitTask(task: TaskCommit, codeHash: Uint8Array | undefined): void {
    const { address, state, bytecode } = task;
    const record = this.#record(address);
    if (bytecode !== undefined && (record.codeHash !== undefined || record.deltaCount > 0)) {
      throw new StoreError('CONTRACT_EXISTS', `contract ${toHex(address)} exists`);
    }
    expectBase(address, record, state);
    if (record.tip !== undefined && record.tip >= state.head.index) {
      throw new StoreError(
        'CONFLICT',
        `contract ${toHex(address)}: delta ${record.tip} was stored meanwhile`,
      );
    }
    let next = this.#withDelta(record, { address, key: state.head.index, data: task.delta })!;
    if (bytecode !== undefined && codeHash !== undefined) next = this.#withCode(next, bytecode, codeHash);
    this.#putRecord(address, this.#withState(next, state));
  }

  /** See `Store.commitBuild`. */
  commitBuild(address: Uint8Array, change: StateChange): void {
    const record = this.#record(address);
    expectBase(address, record, change);
    // Deltas may have been removed or exchanged while the state was built from them. Each names the hash of
    // the one before it, so the last one stands for all.
    const last = this.#db.view('deltas', deltaKey(record.chain, change.head.index));
    if (last === undefined || !equalBytes(keccak256(last), change.head.hash)) {
      throw new StoreError('CONFLICT', `contract ${toHex(address)}: its deltas changed meanwhile`);
    }
    this.#putRecord(address, this.#withState(record, change));
  }

  /** Deletes some values of a dropped state, or deltas of a removed contract; in the end, that it was dropped. */
  sweep(id: Uint8Array): void {
    const deleted = this.#removeAll(id.length === CHAIN_LENGTH ? 'deltas' : 'states', id, SWEEP_BATCH);
    if (deleted < SWEEP_BATCH) this.#db.remove('dropped', id);
  }

  /** Deletes what is stored under keys with a prefix; how many there were. */
  #removeAll(bucket: 'deltas' | 'states', prefix: Uint8Array, limit = Infinity): number {
    const keys = Array.from(this.#db.keys(bucket, { prefix, limit }));
    for (const key of keys) this.#db.remove(bucket, key);
    return keys.length;
  }

  #record(address: Uint8Array): ContractRecord {
    const stored = this.#db.view('contracts', address);
    if (stored !== undefined) return expectRecord(address, stored);
    this.#db.confirmMissing('contracts', address, true);
    return newRecord();
  }

  #putRecord(address: Uint8Array, record: ContractRecord): void {
    this.#db.put('contracts', address, encodeRecord(record));
  }

  /** The record once the delta is stored; nothing when another delta has its place. */
  #withDelta(record: ContractRecord, delta: DeltaEntry): ContractRecord | undefined {
    const key = deltaKey(record.chain, delta.key);
    // Beyond the tip there is nothing to compare with: most deltas are appended.
    const isAppended = record.tip === undefined || delta.key > record.tip;
    const stored = isAppended ? undefined : this.#db.view('deltas', key);
    if (stored === undefined && !isAppended) this.#db.confirmMissing('deltas', key, true);
    if (stored !== undefined) return equalBytes(stored, delta.data) ? record : undefined;
    this.#db.put('deltas', key, delta.data);
    const { chain, codeHash, tip = 0, deltaCount, state } = record;
    return { chain, codeHash, tip: Math.max(tip, delta.key), deltaCount: deltaCount + 1, state };
  }

  #withCode(record: ContractRecord, bytecode: Uint8Array, codeHash: Uint8Array): ContractRecord {
    if (record.codeHash !== undefined && equalBytes(record.codeHash, codeHash)) return record;
    if (record.codeHash !== undefined) this.#releaseCode(record.codeHash);
    const uses = this.#codeUses(codeHash);
    if (uses === 0) this.#db.put('bytecode', codeHash, bytecode);
    this.#putCodeUses(codeHash, uses + 1);
    return { ...record, codeHash };
  }

  #releaseCode(codeHash: Uint8Array): void {
    const uses = this.#codeUses(codeHash);
    if (uses > 1) {
      this.#putCodeUses(codeHash, uses - 1);
    } else {
      this.#db.remove('bytecode', codeHash);
      this.#db.remove('bytecodeUses', codeHash);
    }
  }

  #codeUses(codeHash: Uint8Array): number {
    const stored = this.#db.view('bytecodeUses', codeHash);
    return stored === undefined ? 0 : new DataView(stored.buffer, stored.byteOffset).getUint32(0);
  }

  #putCodeUses(codeHash: Uint8Array, uses: number): void {
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, uses);
    this.#db.put('bytecodeUses', codeHash, value);
  }

  #withState(record: ContractRecord, { base, head, writes }: StateChange): ContractRecord {
    if (base !== undefined && !equalBytes(base.id, head.id)) this.#dropState(base);
    for (const { tag, value } of writes) {
      const key = stateKeyOf(head.id, tag);
      if (value === undefined) this.#db.remove('states', key);
      else this.#db.put('states', key, value);
    }
    const { chain, codeHash, tip, deltaCount } = record;
    return { chain, codeHash, tip, deltaCount, state: head };
  }

  #dropState(state: StateHead): void {
    this.#db.put('dropped', state.id, NOTHING);
  }

  /** Deletes the first deltas of a range; their keys. */
  #removeRange({ address, from, to }: DeltaRange, limit: number): Uint8Array[] {
    const record = this.#record(address);
    if (record.tip === undefined || from > record.tip || from >= to) return [];
    const { chain } = record;
    const range = { start: deltaKey(chain, from), ...rangeEnd(chain, to), limit };
    const keys = [...this.#db.keys('deltas', range)];
    if (keys.length === 0) return [];
    for (const key of keys) this.#db.remove('deltas', key);
    const last = this.#db.lastKey('deltas', chain);
    const tip = last === undefined ? undefined : indexOf(last);
    const isStateGone = record.state !== undefined && indexOf(keys[0]!) <= record.state.index;
    if (isStateGone && record.state !== undefined) this.#dropState(record.state);
    const state = isStateGone ? undefined : record.state;
    const next = { ...record, tip, deltaCount: record.deltaCount - keys.length, state };
    if (next.codeHash === undefined && next.deltaCount === 0) this.#db.remove('contracts', address);
    else this.#putRecord(address, next);
    return keys;
  }
}

/** Where a walk over a chain ends; after all of it when `to` is beyond the last possible index. */
export function rangeEnd(
  chain: Uint8Array,
  to: number,
): { readonly end: Uint8Array } | { readonly prefix: Uint8Array } {
  return to > 0xffff_ffff ? { prefix: chain } : { end: deltaKey(chain, to) };
}

/** Reads a stored record. @throws StoreError `CORRUPT` */
export function expectRecord(address: Uint8Array, stored: Uint8Array): ContractRecord {
  const record = decodeRecord(stored);
  if (record === undefined)
    throw new StoreError('CORRUPT', `the store is damaged: the record of contract ${toHex(address)}`);
  return record;
}

/** Says that a delta is not there which must be. */
export function lostDelta(address: Uint8Array, index: number): StoreError {
  return new StoreError(
    'CORRUPT',
    `the store is damaged: delta ${index} of contract ${toHex(address)} is lost`,
  );
}

function mayHaveCode(record: ContractRecord, codeHash: Uint8Array): boolean {
  return record.codeHash === undefined || record.deltaCount === 0 || equalBytes(record.codeHash, codeHash);
}

function expectBase(address: Uint8Array, record: ContractRecord, { base }: StateChange): void {
  const { state } = record;
  const same =
    state === undefined || base === undefined
      ? state === base
      : state.index === base.index && equalBytes(state.id, base.id) && equalBytes(state.hash, base.hash);
  if (!same) throw new StoreError('CONFLICT', `contract ${toHex(address)}: its state changed meanwhile`);
}

/** The records that one write touches, each read and stored once. */
class RecordSet {
  readonly #load: (address: Uint8Array) => ContractRecord;
  readonly #entries = new Map<
    string,
    { readonly address: Uint8Array; record: ContractRecord; changed: boolean }
  >();

  constructor(load: (address: Uint8Array) => ContractRecord) {
    this.#load = load;
  }

  get(address: Uint8Array): ContractRecord {
    const name = bytesKey(address);
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { address, record: this.#load(address), changed: false };
      this.#entries.set(name, entry);
    }
    return entry.record;
  }

  set(address: Uint8Array, record: ContractRecord): void {
    const entry = this.#entries.get(bytesKey(address))!;
    entry.record = record;
    entry.changed = true;
  }

  *changed(): Generator<[Uint8Array, ContractRecord]> {
    for (const { address, record, changed } of this.#entries.values()) if (changed) yield [address, record];
  }
}

/** The hash under which bytecode is kept, also that of its receipts. */
export function codeHashOf(bytecode: Uint8Array): Uint8Array {
  return keccak256(bytecode);
}
