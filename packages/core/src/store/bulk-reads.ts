import { deltaKey, indexOf, writeIndex } from './buckets.js';
import { Clock } from './clock.js';
import type { Database, Snapshot } from './database.js';
import { doesNotExist, type LookUp, StoreError } from './errors.js';
import type { ContractRecord, DeltaEntry, DeltaRange } from './records.js';
import { Slab } from './slab.js';
import type { DeltaSink } from './store.js';
import { expectRecord, lostDelta, rangeEnd } from './writes.js';

/** A quarter of the largest message: a byte takes up to four characters there. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;
/** What an entry adds to a reply besides the bytes of its delta. */
const ENTRY_BYTES = 64;

/**
 * Reads of many things: from one snapshot, bounded in size, and in short turns so that tasks go on
 * beside them.
 */
export class BulkReads {
  readonly #db: Database;
  readonly #maxBytes: number;

  constructor(db: Database, maxBytes = MAX_REPLY_BYTES) {
    this.#db = db;
    this.#maxBytes = maxBytes;
  }

  /** See `Store.getTips`. */
  async tips(addresses: readonly Uint8Array[], into: DeltaSink): Promise<void> {
    using snapshot = this.#db.snapshot();
    const reply = new Reply(into, this.#maxBytes, 'ask for the tips of fewer contracts at a time');
    into.expect(addresses.length);
    for (const address of addresses) {
      const record = this.#expectContract('get_tip', address, snapshot);
      if (record.tip === undefined) throw new StoreError('NO_DELTA', doesNotExist('get_tip', address));
      this.#addDelta(address, deltaKey(record.chain, record.tip), record.tip, reply, snapshot);
      if (reply.isTurnOver) await reply.nextTurn();
    }
  }

  /** See `Store.getAllTips`. */
  async allTips(into: DeltaSink): Promise<void> {
    using snapshot = this.#db.snapshot();
    into.expect(this.#db.count('contracts'));
    const reply = new Reply(
      into,
      this.#maxBytes,
      'ask for the addresses with GetAllAddrs, then for some tips at a time with GetTips',
    );
    for (const { key: address, value } of this.#db.entries('contracts', {}, snapshot)) {
      const { chain, tip } = expectRecord(address, value);
      if (tip !== undefined) this.#addDelta(address, deltaKey(chain, tip), tip, reply, snapshot);
      if (reply.isTurnOver) await reply.nextTurn();
    }
  }

  /** See `Store.getAllAddresses`. */
  async addresses(): Promise<Uint8Array[]> {
    using snapshot = this.#db.snapshot();
    const addresses: Uint8Array[] = [];
    const clock = new Clock();
    // With their values, whose checksums are those of their keys too.
    for (const { key } of this.#db.entries('contracts', {}, snapshot)) {
      addresses.push(key);
      if (clock.isTurnOver) await clock.nextTurn();
    }
    return addresses;
  }

  /** See `Store.getDeltas`. */
  async deltas(ranges: readonly DeltaRange[], into: DeltaSink): Promise<void> {
    using snapshot = this.#db.snapshot();
    const reply = new Reply(into, this.#maxBytes, 'ask for fewer deltas at a time');
    for (const range of ranges) {
      const record = this.#expectContract('get_deltas', range.address, snapshot);
      if (record.tip === undefined) continue;
      const stored = { ...range, to: Math.min(range.to, record.tip + 1) };
      into.expect(Math.min(stored.to - stored.from, record.deltaCount));
      const hasGaps = record.deltaCount !== record.tip + 1;
      const { chain } = record;
      await (hasGaps
        ? this.#scan(chain, stored, reply, snapshot)
        : this.#fetch(chain, stored, reply, snapshot));
      // Ranges with nothing in them take time, too.
      if (reply.isTurnOver) await reply.nextTurn();
    }
  }

  /** Deltas of a chain without gaps, each by its key: faster than a scan. */
  async #fetch(
    chain: Uint8Array,
    { address, from, to }: DeltaRange,
    reply: Reply,
    snapshot: Snapshot,
  ): Promise<void> {
    const key = deltaKey(chain, from);
    for (let index = from; index < to; index++) {
      writeIndex(key, index);
      this.#addDelta(address, key, index, reply, snapshot);
      if (reply.isTurnOver) await reply.nextTurn();
    }
  }

  async #scan(
    chain: Uint8Array,
    { address, from, to }: DeltaRange,
    reply: Reply,
    snapshot: Snapshot,
  ): Promise<void> {
    const range = { start: deltaKey(chain, from), ...rangeEnd(chain, to) };
    for (const { key, value } of this.#db.entries('deltas', range, snapshot)) {
      reply.add(address, indexOf(key), value);
      if (reply.isTurnOver) await reply.nextTurn();
    }
  }

  #addDelta(address: Uint8Array, key: Uint8Array, index: number, reply: Reply, snapshot: Snapshot): void {
    const data = this.#db.view('deltas', key, snapshot);
    if (data === undefined) throw lostDelta(address, index);
    reply.add(address, index, data);
  }

  #expectContract(lookUp: LookUp, address: Uint8Array, snapshot: Snapshot): ContractRecord {
    const stored = this.#db.view('contracts', address, snapshot);
    if (stored !== undefined) return expectRecord(address, stored);
    this.#db.confirmMissing('contracts', address);
    throw new StoreError('UNKNOWN_CONTRACT', doesNotExist(lookUp, address));
  }
}

class Reply extends Clock {
  readonly #into: DeltaSink;
  readonly #maxBytes: number;
  readonly #advice: string;
  #bytes = 0;
  #count = 0;

  constructor(into: DeltaSink, maxBytes: number, advice: string) {
    super();
    this.#into = into;
    this.#maxBytes = maxBytes;
    this.#advice = advice;
  }

  /** One delta always fits: whatever is stored can be asked for. */
  add(address: Uint8Array, key: number, view: Uint8Array): void {
    this.#bytes += view.length + ENTRY_BYTES;
    if (this.#bytes > this.#maxBytes && this.#count > 0) {
      const first = `${this.#count} of the deltas asked for fit`;
      throw new StoreError(
        'REPLY_TOO_LARGE',
        `a reply holds at most ${this.#maxBytes} bytes, into which the first ${first}: ${this.#advice}`,
      );
    }
    this.#count++;
    this.#into.add(address, key, view);
  }
}

/** Deltas that are read one by one, all together. */
export async function collect(read: (into: DeltaSink) => Promise<void>): Promise<DeltaEntry[]> {
  const entries: DeltaEntry[] = [];
  const slab = new Slab();
  await read({
    expect: () => undefined,
    add: (address, key, data) => void entries.push({ address, key, data: slab.copy(data) }),
  });
  return entries;
}
