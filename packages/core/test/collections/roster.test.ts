import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Roster } from '#collections/roster.js';

interface Thing {
  readonly name: string;
  busy: boolean;
}

const roster = (): Roster<Thing> =>
  new Roster<Thing>(
    (name) => ({ name, busy: false }),
    ({ busy }) => !busy,
  );

describe('Roster', () => {
  it('gives the same thing for the same name while it is busy, whoever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), { maxLength: 400 }),
        (steps) => {
          const things = roster();
          const busy = new Map<string, Thing>();
          for (const [number, toBusy] of steps) {
            const name = String(number);
            const thing = things.get(name);
            expect(thing.name).toBe(name);
            if (busy.has(name)) expect(thing).toBe(busy.get(name));
            thing.busy = toBusy;
            if (toBusy) busy.set(name, thing);
            else busy.delete(name);
          }
          for (const [name, thing] of busy) expect(things.peek(name)).toBe(thing);
        },
      ),
    );
  });

  it('keeps no more idle things than a bound, and every busy one', () => {
    const things = roster();
    const busy = Array.from({ length: 3000 }, (_, i) => {
      const thing = things.get(`busy ${i}`);
      thing.busy = true;
      return thing;
    });
    for (let i = 0; i < 50_000; i++) things.get(`idle ${i}`);
    expect(things.size).toBeLessThanOrEqual(2 * busy.length + 1024);
    for (const thing of busy) expect(things.peek(thing.name)).toBe(thing);
    for (const thing of busy) thing.busy = false;
    for (let i = 0; i < 50_000; i++) things.get(`later ${i}`);
    expect(things.size).toBeLessThanOrEqual(1024);
  });

  it('makes nothing when it is only looked at', () => {
    const things = roster();
    expect(things.peek('nobody')).toBeUndefined();
    expect([...things.values()]).toEqual([]);
  });
});
