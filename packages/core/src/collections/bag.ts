/** Something that a {@link Bag} can hold; only the bag touches its place. */
export interface Bagged {
  place: number;
}

/** Things in no order, put in and taken out all the time without leaving garbage (see `Roster` for what a Set leaves). */
export class Bag<Thing extends Bagged> {
  readonly #things: Thing[] = [];

  get size(): number {
    return this.#things.length;
  }

  /** Puts in a thing that is in no bag. */
  add(thing: Thing): void {
    thing.place = this.#things.push(thing) - 1;
  }

  /** Takes a thing out; false when it is not in here. */
  remove(thing: Thing): boolean {
    if (this.#things[thing.place] !== thing) return false;
    const last = this.#things.pop()!;
    if (last !== thing) {
      this.#things[thing.place] = last;
      last.place = thing.place;
    }
    return true;
  }

  /** Takes everything out. */
  drain(): Thing[] {
    return this.#things.splice(0);
  }
}
