import { stateKeyOf } from '../../store/buckets.js';
import { bytesKey } from '../../bytes/bytes-key.js';
import type { StateWrite } from '../../store/records.js';
import type { StoreReader } from '../../store/store.js';
import { ByteLru } from '../../collections/byte-lru.js';
import { type CacheUse, UNCOUNTED } from '../../vm/cache-use.js';
import { DamagedStateError } from './errors.js';
import { keyTag, wholeStateTag, type StateKeys } from './keys.js';
import { openValue, sealValue } from './sealed-value.js';

interface CachedValue {
  /** Tag and IV of the envelope, as text, which takes a fifth of what an array does: no two envelopes share them. */
  readonly seal: string;
  readonly text: string;
  /** The turn of its last use. */
  turn: number;
}

const SEAL_LENGTH = 28;
/** What a value takes besides its text, about: its place, its seal, and its entry in the cache. */
const OVERHEAD = 350;
/** Tags that are remembered, and the longest name of one: enough for what a task touches again. */
const KNOWN_TAGS = 256;
const KNOWN_NAME = 256;

/** Bounds of a {@link ValueCache}. */
export interface ValueCacheOptions {
  /** Bytes of opened values kept; 8 MiB by default. */
  readonly cacheBytes?: number;
  /** How long one is kept that nobody asks for, in ms; a minute by default. */
  readonly idleMs?: number;
  /** Told how it is used: for metrics. */
  readonly cacheUse?: CacheUse;
  /** Milliseconds since whenever, never less than before; for tests. */
  readonly now?: () => number;
}

/** Values that one task lets go of at most for not having been asked for. */
const DROPPED_AT_ONCE = 64;

/**
 * Texts of opened values, so that one that is read again and again is decrypted once. Bounded in bytes; and what is not
 * asked for is not kept: neither plaintext of a state that nobody uses nor what was of a contract that is gone.
 */
export class ValueCache {
  readonly #values: ByteLru<CachedValue>;
  readonly #idleMs: number;
  readonly #use: CacheUse;
  readonly #now: () => number;
  /** Turns are as long as a value is kept idle at least. */
  #turn = 0;

  constructor({ cacheBytes, idleMs, cacheUse, now }: ValueCacheOptions = {}) {
    this.#values = new ByteLru(cacheBytes ?? 8 * 1024 * 1024);
    this.#idleMs = idleMs ?? 60_000;
    this.#use = cacheUse ?? UNCOUNTED;
    this.#now = now ?? (() => performance.now());
  }

  /** Begins a task: lets go of values that nobody asked for since the turn before this one. */
  begin(): void {
    this.#turn = Math.trunc(this.#now() / this.#idleMs);
    for (let left = DROPPED_AT_ONCE; left > 0; left--) {
      const { oldest } = this.#values;
      if (oldest === undefined || oldest.turn >= this.#turn - 1) return;
      this.#values.deleteOldest();
    }
  }

  /** How many values are kept. */
  get size(): number {
    return this.#values.size;
  }

  /** The text of a sealed value, if this very one was opened before. */
  get(place: string, sealed: Uint8Array): string | undefined {
    const cached = this.#values.get(place);
    if (cached === undefined || cached.seal !== sealOf(sealed)) {
      this.#use.miss();
      return undefined;
    }
    this.#use.hit();
    cached.turn = this.#turn;
    return cached.text;
  }

  set(place: string, sealed: Uint8Array, text: string): void {
    this.#values.set(place, { seal: sealOf(sealed), text, turn: this.#turn }, 2 * text.length + OVERHEAD);
  }
}

function sealOf(sealed: Uint8Array): string {
  return bytesKey(sealed.subarray(-SEAL_LENGTH));
}

/** The sealed values of one contract, opened and sealed one at a time. */
export class ValueStore {
  readonly #reader: StoreReader;
  readonly #address: Uint8Array;
  readonly #keys: StateKeys;
  readonly #cache: ValueCache;
  /** What stands for the keys that were asked for first. */
  readonly #tags = new Map<string, Uint8Array>();

  constructor(reader: StoreReader, address: Uint8Array, keys: StateKeys, cache: ValueCache) {
    this.#reader = reader;
    this.#address = address;
    this.#keys = keys;
    this.#cache = cache;
  }

  /** The text of a top-level key. @throws DamagedStateError */
  read(stateId: Uint8Array, name: string): string | undefined {
    return this.#read(stateId, this.#tagOf(name), name);
  }

  /** The text of a state that is no object. @throws DamagedStateError when it is damaged or missing */
  readWhole(stateId: Uint8Array): string {
    const tag = wholeStateTag(this.#keys);
    const text = this.#read(stateId, tag, '');
    if (text === undefined) throw new DamagedStateError(this.#address, tag);
    return text;
  }

  /** Seals a value of a top-level key, or removes it. */
  write(stateId: Uint8Array, name: string, text: string | undefined, version: number): StateWrite {
    const written = this.#write(stateId, this.#tagOf(name), name, text, version);
    // Should it never be stored, what is there will have another seal.
    if (text !== undefined && written.value !== undefined)
      this.#cache.set(bytesKey(stateKeyOf(stateId, written.tag)), written.value, text);
    return written;
  }

  /** Seals a state that is no object. */
  writeWhole(stateId: Uint8Array, text: string, version: number): StateWrite {
    return this.#write(stateId, wholeStateTag(this.#keys), '', text, version);
  }

  #tagOf(name: string): Uint8Array {
    let tag = this.#tags.get(name);
    if (tag === undefined) {
      tag = keyTag(this.#keys, name);
      if (this.#tags.size < KNOWN_TAGS && name.length < KNOWN_NAME) this.#tags.set(name, tag);
    }
    return tag;
  }

  #read(stateId: Uint8Array, tag: Uint8Array, name: string): string | undefined {
    const sealed = this.#reader.stateValue(stateId, tag);
    if (sealed === undefined) return undefined;
    const placeName = bytesKey(stateKeyOf(stateId, tag));
    const cached = this.#cache.get(placeName, sealed);
    if (cached !== undefined) return cached;
    const value = openValue(this.#keys, { address: this.#address, stateId, tag }, sealed);
    if (value.name !== name) throw new DamagedStateError(this.#address, tag);
    this.#cache.set(placeName, sealed, value.text);
    return value.text;
  }

  #write(
    stateId: Uint8Array,
    tag: Uint8Array,
    name: string,
    text: string | undefined,
    version: number,
  ): StateWrite {
    if (text === undefined) return { tag, value: undefined };
    const value = sealValue(this.#keys, { address: this.#address, stateId, tag }, { name, text, version });
    return { tag, value };
  }
}
