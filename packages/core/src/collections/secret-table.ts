import { randomBytes } from '@enigma-worker/crypto';

/** Stands for "no place": the first place holds no secret, but the ends of the order. */
const NONE = 0;
const FIRST_ROOM = 64;

/**
 * Secrets of one length by names of one length, in order of arrival or last use. All of it lies in a few large arrays: an object
 * and a text for each would live long enough to fill V8's old generation when thousands come and go every second, and
 * what is taken out here is overwritten.
 */
export class SecretTable {
  readonly #nameBytes: number;
  readonly #secretBytes: number;
  /** Nobody can choose names that meet in one bucket: the seed is not known. */
  readonly #seed = new Uint32Array(randomBytes(8).slice().buffer);
  #room = FIRST_ROOM;
  #names: Uint8Array;
  #secrets: Uint8Array;
  #expires = new Float64Array(FIRST_ROOM);
  /** The order, a ring that begins and ends at place 0; `newer` links the free places as well. */
  #newer = new Int32Array(FIRST_ROOM);
  #older = new Int32Array(FIRST_ROOM);
  /** First place of each bucket, and the next of its bucket for each place. */
  #buckets = new Int32Array(FIRST_ROOM);
  #next = new Int32Array(FIRST_ROOM);
  #free = NONE;
  #size = 0;

  /** @param nameBytes 8 at least: the first 8 bytes of a name choose its bucket */
  constructor(nameBytes: number, secretBytes: number) {
    this.#nameBytes = nameBytes;
    this.#secretBytes = secretBytes;
    this.#names = new Uint8Array(FIRST_ROOM * nameBytes);
    this.#secrets = new Uint8Array(FIRST_ROOM * secretBytes);
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
   * @throws RangeError when name or secret are not as long as they have to be
   */
  hold(name: Uint8Array, secret: Uint8Array, expires = Infinity): void {
    if (name.length !== this.#nameBytes || secret.length !== this.#secretBytes)
      throw new RangeError(`expected ${this.#nameBytes} bytes of name and ${this.#secretBytes} of secret`);
    this.#drop(this.#find(name));
    if (this.#free === NONE) this.#grow();
    const place = this.#free;
    this.#free = this.#newer[place]!;
    this.#names.set(name, place * this.#nameBytes);
    this.#secrets.set(secret, place * this.#secretBytes);
    this.#expires[place] = expires;
    this.#enterOrder(place);
    this.#enterBucket(place);
    this.#size++;
  }

  /** A copy of a secret, which becomes the newest, expired or not. */
  get(name: Uint8Array): Uint8Array | undefined {
    const place = this.#find(name);
    if (place === NONE) return undefined;
    this.#leaveOrder(place);
    this.#enterOrder(place);
    const at = place * this.#secretBytes;
    return this.#secrets.slice(at, at + this.#secretBytes);
  }

  /** Takes a secret out; `undefined` when there is none of that name, or it has expired. */
  take(name: Uint8Array, now: number): Uint8Array | undefined {
    const place = this.#find(name);
    if (place === NONE) return undefined;
    const at = place * this.#secretBytes;
    const secret = this.#expires[place]! > now ? this.#secrets.slice(at, at + this.#secretBytes) : undefined;
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

  #find(name: Uint8Array): number {
    if (name.length !== this.#nameBytes) return NONE;
    let place = this.#buckets[this.#bucketOf(name, 0)]!;
    while (place !== NONE && !this.#isNamed(place, name)) place = this.#next[place]!;
    return place;
  }

  #isNamed(place: number, name: Uint8Array): boolean {
    const at = place * this.#nameBytes;
    for (let i = 0; i < name.length; i++) if (this.#names[at + i] !== name[i]) return false;
    return true;
  }

  /** Multiply-shift: two names meet in a bucket as seldom as by chance, whoever chose them. */
  #bucketOf(bytes: Uint8Array, at: number): number {
    const [first, second] = this.#seed;
    const mixed = Math.imul(word(bytes, at), first! | 1) + Math.imul(word(bytes, at + 4), second! | 1);
    // The upper bits are the mixed ones; there are as many buckets as places, a power of two.
    return (mixed >>> 0) >>> (Math.clz32(this.#room) + 1);
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
    const bucket = this.#bucketOf(this.#names, place * this.#nameBytes);
    this.#next[place] = this.#buckets[bucket]!;
    this.#buckets[bucket] = place;
  }

  #leaveBucket(place: number): void {
    const bucket = this.#bucketOf(this.#names, place * this.#nameBytes);
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
    this.#secrets.fill(0, place * this.#secretBytes, (place + 1) * this.#secretBytes);
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
    this.#names = enlarged(this.#names);
    const secrets = this.#secrets;
    this.#secrets = enlarged(secrets);
    secrets.fill(0);
    this.#expires = enlarged(this.#expires);
    this.#newer = enlarged(this.#newer);
    this.#older = enlarged(this.#older);
    this.#next = enlarged(this.#next);
    this.#buckets = new Int32Array(this.#room);
    for (let place = 1; place < first; place++) this.#enterBucket(place);
    this.#addFree(first);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** A copy of twice the length. */
function enlarged<List extends Uint8Array | Int32Array | Float64Array>(list: List): List {
  const larger = new (list.constructor as new (length: number) => List)(2 * list.length);
  larger.set(list);
  return larger;
}
