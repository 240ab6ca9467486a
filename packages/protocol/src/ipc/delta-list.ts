import { utf8 } from '@enigma-worker/crypto';
import type { Dialect } from './dialect.js';
import { headBound, type RequestId, writeHead, writeTail } from './envelope.js';
import { byteListBound } from './json/byte-items.js';
import { COMMA, JsonWriter } from './json/writer.js';

/** Messages that are answered with a list of deltas, which may be long. */
export type DeltaListType = 'GetDeltas' | 'GetTips' | 'GetAllTips';

/** Where the memory of a reply comes from, and goes when a larger one takes its place. */
export interface Memory {
  /** At least so many bytes: an `ArrayBuffer` from its beginning, whatever is in it. */
  take(bytes: number): Uint8Array;
  giveBack(memory: Uint8Array): void;
}

const OPENING: Readonly<Record<DeltaListType, Uint8Array>> = {
  GetDeltas: utf8(',"result":{"deltas":['),
  GetTips: utf8(',"result":{"tips":['),
  GetAllTips: utf8(',"result":{"tips":['),
};
const CLOSING = utf8(']}');
const ADDRESS = utf8('{"address":');
const KEY = utf8(',"key":');
const DATA = utf8(',"data":');
const CLOSE = 0x7d;
/** Most bytes of a delta in the list beside its data. */
const ENTRY_BOUND = 200;
/** Room for some first deltas, by which that for all of them is guessed. */
const FIRST_BYTES = 16 * 1024;
/** What is added to the guess. */
const SPARE = 1.05;
/** No guess is higher, in bytes: more may be expected than a reply can hold. */
const MOST_GUESSED = 64 * 1024 * 1024;

/**
 * Encodes a reply delta by delta, straight from wherever each lies: the list never is in memory besides, and
 * others can be served in between. Gives the same bytes as `encodeReply`.
 */
export class DeltaListWriter {
  readonly #memory: Memory;
  readonly #out: JsonWriter;
  readonly #closing: number;
  #expected = 0;
  #count = 0;
  /** The contract of the last delta, and how its deltas begin: most have that of the one before. */
  #address: Uint8Array | undefined;
  #opening: Uint8Array = CLOSING;

  constructor(type: DeltaListType, id: RequestId, dialect: Dialect, memory: Memory) {
    this.#memory = memory;
    const opening = OPENING[type];
    const head = headBound(id, type) + opening.length;
    this.#closing = CLOSING.length + headBound(id, type);
    this.#out = new JsonWriter(FIRST_BYTES + head + this.#closing, dialect, (bytes) => memory.take(bytes));
    writeHead(this.#out, id, type);
    this.#out.raw(opening);
  }

  /** Says that about so many deltas are still to come. */
  expect(count: number): void {
    this.#expected = this.#count + count;
  }

  /** @param data is used up when this returns */
  add(address: Uint8Array, key: number, data: Uint8Array): void {
    const out = this.#out;
    const needed = ENTRY_BOUND + byteListBound(data) + this.#closing;
    if (needed > out.room) this.#grow(needed);
    if (this.#count++ > 0) out.punctuation(COMMA);
    if (address !== this.#address) this.#open(address);
    out.block(this.#opening);
    out.integer(key);
    out.raw(DATA);
    out.ints(data);
    out.punctuation(CLOSE);
  }

  #open(address: Uint8Array): void {
    const out = new JsonWriter(ENTRY_BOUND, this.#out.dialect);
    out.raw(ADDRESS);
    out.hex(address);
    out.raw(KEY);
    this.#opening = out.finish();
    this.#address = address;
  }

  /** The reply. */
  finish(): Uint8Array {
    this.#out.raw(CLOSING);
    writeTail(this.#out);
    return this.#out.finish();
  }

  /** Gives the memory back, instead of {@link finish}. */
  discard(): void {
    this.#memory.giveBack(this.#out.finish());
  }

  #grow(needed: number): void {
    const { length } = this.#out;
    const left = Math.max(this.#expected - this.#count, 0);
    const guess = this.#count === 0 ? 0 : Math.min((length / this.#count) * left * SPARE, MOST_GUESSED);
    const larger = this.#memory.take(Math.ceil(length + needed + Math.max(guess, length)));
    this.#memory.giveBack(this.#out.moveTo(larger));
  }
}
