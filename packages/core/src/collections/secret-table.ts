import { keccak256, randomBytes } from '@enigma-worker/crypto';

/** Stands for "no place": the first place holds no secret, but the ends of the order. */
const NONE = 0;
/** Places whose tags and secrets lie in one array. */
const SEGMENT_BITS = 10;
const SEGMENT = 1 << SEGMENT_BITS;
/** Bytes of what stands for a name. Nobody finds two names for which it is the same, least of all without the seed. */
const TAG = 16;
const SEED = 16;

/**
 * Secrets of one length by name, in order of arrival or last use. All of it lies in a few large arrays: an object
 * and a text for each would live long enough to fill V8's old generation when thousands come and go every second. A
 * secret is never moved, and overwritten when it goes.
 */
export class SecretTable {
  readonly #secretBytes: number;
  /** The seed, and after it the name at hand. */
  #seeded = seededBy(randomBytes(SEED), 0);
  #room = SEGMENT;
  /** Tag and secret of each place, made when a place in them is first used. */
  readonly #segments: Uint8Array[] = [];
  #expires = new Float64Array(SEGMENT);
  /** The order, a ring that begins and ends at place 0; `newer` links the free places as well. */
  #newer = new Int32Array(SEGMENT);
  #older = new Int32Array(SEGMENT);
  /** First place of each bucket, and the next of its bucket for each place. */
  #buckets = new Int32Array(SEGMENT);
  #next = new Int32Array(SEGMENT);
  #free = NONE;
  #size = 0;

  constructor(secretBytes: number) {
    this.#secretBytes = secretBytes;
    this.#addFree(1);
  }

  /** How many secrets are held. */
  get size(): number {
    return this.#size;
  }

  /** When the oldest expires; `undefined` when there is none. */
  get oldestExpiry(): number | undefined {
    return this.#size === 0 ? undefined : this.#expires[this.#newer[NONE]!];
  }

  /**
   * Holds a copy of a secret as the newest, in place of an earlier one of that name.
   * @param expires when, for {@link take}; never when absent
   * @throws RangeError when the secret is not as long as all are
   */
  hold(name: Uint8Array, secret: Uint8Array, expires = Infinity): void {
    if (secret.length !== this.#secretBytes)
      throw new RangeError(`expected a secret of ${this.#secretBytes} bytes, got ${secret.length}`);
    const tag = this.#tagOf(name);
    this.#drop(this.#find(tag));
    if (this.#free === NONE) this.#grow();
    const place = this.#free;
    this.#free = this.#newer[place]!;
    const at = this.#offsetOf(place);
    const segment = (this.#segments[place >>> SEGMENT_BITS] ??= new Uint8Array(
      SEGMENT * (TAG + this.#secretBytes),
    ));
    for (let i = 0; i < TAG; i++) segment[at + i] = tag[i]!;
    segment.set(secret, at + TAG);
    this.#expires[place] = expires;
    this.#enterOrder(place);
    this.#enterBucket(place);
    this.#size++;
  }

  /** A copy of a secret, which becomes the newest, expired or not. */
  get(name: Uint8Array): Uint8Array | undefined {
    const place = this.#find(this.#tagOf(name));
    if (place === NONE) return undefined;
    this.#leaveOrder(place);
    this.#enterOrder(place);
    return this.#secretAt(place);
  }

  /** Takes a secret out; `undefined` when there is none of that name, or it has expired. */
  take(name: Uint8Array, now: number): Uint8Array | undefined {
    const place = this.#find(this.#tagOf(name));
    if (place === NONE) return undefined;
    const secret = this.#expires[place]! > now ? this.#secretAt(place) : undefined;
    this.#drop(place);
    return secret;
  }

  /** Overwrites the oldest secret. */
  dropOldest(): void {
    this.#drop(this.#newer[NONE]!);
  }

  /** Overwrites all secrets. */
  clear(): void {
    while (this.#size > 0) this.dropOldest();
  }

  /** What stands for a name, in the first bytes. */
  #tagOf(name: Uint8Array): Uint8Array {
    if (this.#seeded.length !== SEED + name.length) this.#seeded = seededBy(this.#seeded, name.length);
    this.#seeded.set(name, SEED);
    return keccak256(this.#seeded);
  }

  #find(tag: Uint8Array): number {
    let place = this.#buckets[this.#bucketOf(tag, 0)]!;
    while (place !== NONE && !this.#isTagged(place, tag)) place = this.#next[place]!;
    return place;
  }

  #isTagged(place: number, tag: Uint8Array): boolean {
    const [segment, at] = [this.#segmentOf(place), this.#offsetOf(place)];
    for (let i = 0; i < TAG; i++) if (segment[at + i] !== tag[i]) return false;
    return true;
  }

  #secretAt(place: number): Uint8Array {
    const at = this.#offsetOf(place) + TAG;
    return this.#segmentOf(place).slice(at, at + this.#secretBytes);
  }

  #segmentOf(place: number): Uint8Array {
    return this.#segments[place >>> SEGMENT_BITS]!;
  }

  #offsetOf(place: number): number {
    return (place & (SEGMENT - 1)) * (TAG + this.#secretBytes);
  }

  /** There are as many buckets as places, a power of two. */
  #bucketOf(tags: Uint8Array, at: number): number {
    return (
      (tags[at]! | (tags[at + 1]! << 8) | (tags[at + 2]! << 16) | (tags[at + 3]! << 24)) & (this.#room - 1)
    );
  }

  #enterOrder(place: number): void {
    const newest = this.#older[NONE]!;
    this.#newer[newest] = place;
    this.#older[place] = newest;
    this.#newer[place] = NONE;
    this.#older[NONE] = place;
  }

  #leaveOrder(place: number): void {
    this.#newer[this.#older[place]!] = this.#newer[place]!;
    this.#older[this.#newer[place]!] = this.#older[place]!;
  }

  #enterBucket(place: number): void {
    const bucket = this.#bucketOf(this.#segmentOf(place), this.#offsetOf(place));
    this.#next[place] = this.#buckets[bucket]!;
    this.#buckets[bucket] = place;
  }

  #leaveBucket(place: number): void {
    const bucket = this.#bucketOf(this.#segmentOf(place), this.#offsetOf(place));
    if (this.#buckets[bucket] === place) {
      this.#buckets[bucket] = this.#next[place]!;
      return;
    }
    let before = this.#buckets[bucket]!;
    while (this.#next[before] !== place) before = this.#next[before]!;
    this.#next[before] = this.#next[place]!;
  }

  #drop(place: number): void {
    if (place === NONE) return;
    this.#leaveBucket(place);
    this.#leaveOrder(place);
    const at = this.#offsetOf(place) + TAG;
    this.#segmentOf(place).fill(0, at, at + this.#secretBytes);
    this.#newer[place] = this.#free;
    this.#free = place;
    this.#size--;
  }

  /** Makes the places from `first` on free. */
  #addFree(first: number): void {
    for (let place = this.#room - 1; place >= first; place--) {
      this.#newer[place] = this.#free;
      this.#free = place;
    }
  }

  #grow(): void {
    const first = this.#room;
    this.#room *= 2;
    this.#expires = enlarged(this.#expires);
    this.#newer = enlarged(this.#newer);
    this.#older = enlarged(this.#older);
    this.#next = enlarged(this.#next);
    this.#buckets = new Int32Array(this.#room);
    for (let place = 1; place < first; place++) this.#enterBucket(place);
    this.#addFree(first);
  }
}

/** Room for the seed at its beginning and a name of so many bytes after it. */
function seededBy(seed: Uint8Array, nameBytes: number): Uint8Array {
  const seeded = new Uint8Array(SEED + nameBytes);
  seeded.set(seed.subarray(0, SEED));
  return seeded;
}

/** A copy of twice the length. */
function enlarged<List extends Int32Array | Float64Array>(list: List): List {
  const larger = new (list.constructor as new (length: number) => List)(2 * list.length);
  larger.set(list);
  return larger;
}
