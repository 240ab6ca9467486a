import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bag } from '#collections/bag.js';

describe('Bag', () => {
  it('holds what a set would hold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean())), (steps) => {
        const things = Array.from({ length: 21 }, (_, number) => ({ number, place: -1 }));
        const bag = new Bag<(typeof things)[number]>();
        const set = new Set<(typeof things)[number]>();
        for (const [number, put] of steps) {
          const thing = things[number]!;
          if (!put) expect(bag.remove(thing)).toBe(set.delete(thing));
          else if (!set.has(thing)) {
            bag.add(thing);
            set.add(thing);
          }
          expect(bag.size).toBe(set.size);
        }
        expect(new Set(bag.drain())).toEqual(set);
        expect(bag.size).toBe(0);
        for (const thing of set) expect(bag.remove(thing)).toBe(false);
      }),
    );
  });
});
