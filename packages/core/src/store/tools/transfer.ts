import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { toHex } from '@enigma-worker/crypto';
import { MAX_DELTA_BYTES } from '@enigma-worker/protocol';
import { indexOf } from '../buckets.js';
import { StoreError } from '../errors.js';
import { checkSchema } from '../migrations.js';
import { openDatabase } from '../open-database.js';
import type { Progress } from '../progress.js';
import type { DeltaEntry } from '../records.js';
import type { Store } from '../store.js';
import { expectRecord } from '../writes.js';

// The stream is magic(8) ‖ address(32), then records: kind(1) ‖ number(4) ‖ length(4) ‖ bytes ‖ CRC-32 of all
// that(4). The number is the index of a delta; in the last record, which is empty, the count of deltas.
const MAGIC = Buffer.from('enigmaC1');
const HEAD_BYTES = MAGIC.length + 32;
const RECORD_HEAD_BYTES = 9;
const CHECK_BYTES = 4;
const BYTECODE = 1;
const DELTA = 2;
const END = 3;

/** Most deltas stored in one transaction, and most bytes of them. */
const BATCH_DELTAS = 1000;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Where an import goes. */
export type ImportTarget = Pick<Store, 'updateContract' | 'updateDeltas'>;

/** What an import did. */
export interface ImportReport {
  readonly address: Uint8Array;
  /** Deltas that are now stored. */
  readonly deltas: number;
  /** Indices of deltas that were refused, since others have their place. */
  readonly refused: readonly number[];
  /** Whether the bytecode, if there was one, was refused. */
  readonly bytecodeRefused: boolean;
}

/**
 * Bytecode and deltas of a contract as a stream, also while a core has the store open. State keys are not
 * in it: whoever imports it needs them from the principal.
 * @throws StoreError `UNKNOWN_CONTRACT`, `CORRUPT`
 */
export async function* exportContract(
  folder: string,
  address: Uint8Array,
  progress?: Progress,
): AsyncGenerator<Uint8Array> {
  const db = openDatabase(resolve(folder), { mode: 'read' });
  try {
    checkSchema(db);
    using snapshot = db.snapshot();
    const stored = db.get('contracts', address, snapshot);
    if (stored === undefined) {
      db.confirmMissing('contracts', address);
      throw new StoreError('UNKNOWN_CONTRACT', `contract ${toHex(address)} is not known`);
    }
    const { chain, codeHash, deltaCount } = expectRecord(address, stored);
    yield Buffer.concat([MAGIC, address]);
    const bytecode = codeHash && db.get('bytecode', codeHash, snapshot);
    if (codeHash !== undefined && bytecode === undefined) throw incomplete(address, 'its bytecode is lost');
    if (bytecode !== undefined) yield encodeRecord(BYTECODE, 0, bytecode);
    let done = 0;
    for (const { key, value } of db.entries('deltas', { prefix: chain }, snapshot)) {
      yield encodeRecord(DELTA, indexOf(key), value);
      if (++done % BATCH_DELTAS === 0) progress?.(done, deltaCount);
    }
    // A delta whose key was damaged is not among those that were walked over.
    if (done !== deltaCount) throw incomplete(address, `${deltaCount - done} of its deltas are lost`);
    yield encodeRecord(END, done, new Uint8Array(0));
    progress?.(done, deltaCount);
  } finally {
    await db.close();
  }
}

/**
 * Stores what {@link exportContract} gave, under the rules of UpdateNewContract and UpdateDeltas. What was
 * stored before a failure stays, and importing again goes on.
 * @throws StoreError `NOT_A_STORE` when the stream is something else, damaged, or cut short
 */
export async function importContract(
  store: ImportTarget,
  stream: AsyncIterable<Uint8Array>,
  progress?: Progress,
): Promise<ImportReport> {
  const reader = new StreamReader(stream);
  const head = await reader.take(HEAD_BYTES);
  if (!MAGIC.equals(head.subarray(0, MAGIC.length))) throw damaged('it does not begin as one');
  const address = new Uint8Array(head.subarray(MAGIC.length));
  const refused: number[] = [];
  let bytecodeRefused = false;
  let batch: DeltaEntry[] = [];
  let batchBytes = 0;
  let done = 0;
  const storeBatch = async (): Promise<void> => {
    const results = await store.updateDeltas(batch);
    results.forEach((isStored, i) => {
      if (!isStored) refused.push(batch[i]!.key);
    });
    done += batch.length;
    batch = [];
    batchBytes = 0;
    progress?.(done, undefined);
  };
  for (;;) {
    const { kind, number, data } = await readRecord(reader);
    if (kind === END) {
      if (batch.length > 0) await storeBatch();
      if (number !== done) throw damaged(`it should hold ${number} deltas and holds ${done}`);
      if (!(await reader.isAtEnd())) throw damaged('something follows the end of the contract');
      return { address, deltas: done - refused.length, refused, bytecodeRefused };
    }
    if (kind === BYTECODE) {
      bytecodeRefused = !(await store.updateContract(address, data));
      continue;
    }
    batch.push({ address, key: number, data });
    batchBytes += data.length;
    if (batch.length === BATCH_DELTAS || batchBytes > BATCH_BYTES) await storeBatch();
  }
}

function encodeRecord(kind: number, number: number, data: Uint8Array): Uint8Array {
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + data.length + CHECK_BYTES);
  record[0] = kind;
  record.writeUInt32BE(number, 1);
  record.writeUInt32BE(data.length, 5);
  record.set(data, RECORD_HEAD_BYTES);
  record.writeUInt32BE(crc32(record.subarray(0, -CHECK_BYTES)), record.length - CHECK_BYTES);
  return record;
}

async function readRecord(reader: StreamReader): Promise<{ kind: number; number: number; data: Uint8Array }> {
  const head = await reader.take(RECORD_HEAD_BYTES);
  const kind = head[0]!;
  if (kind !== BYTECODE && kind !== DELTA && kind !== END)
    throw damaged('it holds a record of an unknown kind');
  const length = head.readUInt32BE(5);
  if (kind === DELTA && length > MAX_DELTA_BYTES)
    throw damaged(`it holds a delta of ${length} bytes, and ${MAX_DELTA_BYTES} is the most`);
  const body = await reader.take(length + CHECK_BYTES);
  const data = body.subarray(0, -CHECK_BYTES);
  if (crc32(data, crc32(head)) !== body.readUInt32BE(data.length))
    throw damaged('a record is not what was written');
  return { kind, number: head.readUInt32BE(1), data: new Uint8Array(data) };
}

/** Takes exact amounts from a stream of chunks. */
class StreamReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const parts = [this.#rest];
    let have = this.#rest.length;
    while (have < length) {
      const next = await this.#chunks.next();
      if (next.done === true) throw damaged('it is cut short');
      parts.push(Buffer.from(next.value));
      have += next.value.length;
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    this.#rest = all.subarray(length);
    return all.subarray(0, length);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return true;
      this.#rest = Buffer.from(next.value);
    }
    return false;
  }
}

function incomplete(address: Uint8Array, how: string): StoreError {
  return new StoreError('CORRUPT', `the store is damaged: contract ${toHex(address)}: ${how}`);
}

function damaged(how: string): StoreError {
  return new StoreError('NOT_A_STORE', `this is no sound export of a contract: ${how}`);
}
