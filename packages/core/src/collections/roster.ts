/** Idle things that are kept before the first look at what may go. */
const SPARE = 1024;

/**
 * Things by name that come and go all the time, such as peers with work in hand: an idle one is kept for its next
 * time, and idle ones go in bulk.
 *
 * To take each out of a Map as soon as it is idle would be simpler, but a Map that is emptied and filled again is
 * given a new table every few turns, and each old table points to the next: once the garbage collector has moved one
 * of them to the old generation, that dead table keeps all later ones alive, with everything that was in them.
 */
export class Roster<Thing> {
  readonly #things = new Map<string, Thing>();
  readonly #make: (name: string) => Thing;
  readonly #isIdle: (thing: Thing) => boolean;
  #limit = SPARE;

  constructor(make: (name: string) => Thing, isIdle: (thing: Thing) => boolean) {
    this.#make = make;
    this.#isIdle = isIdle;
  }

  /** How many are kept, idle ones included. */
  get size(): number {
    return this.#things.size;
  }

  /** The thing of a name; a new one if there is none. */
  get(name: string): Thing {
    let thing = this.#things.get(name);
    if (thing === undefined) {
      if (this.#things.size >= this.#limit) this.#prune();
      thing = this.#make(name);
      this.#things.set(name, thing);
    }
    return thing;
  }

  /** The thing of a name, if there is one. */
  peek(name: string): Thing | undefined {
    return this.#things.get(name);
  }

  /** All of them, idle ones included. */
  values(): Iterable<Thing> {
    return this.#things.values();
  }

  clear(): void {
    this.#things.clear();
  }

  /** Costs what came since the last time. */
  #prune(): void {
    for (const [name, thing] of this.#things) if (this.#isIdle(thing)) this.#things.delete(name);
    this.#limit = Math.max(SPARE, 2 * this.#things.size);
  }
}
