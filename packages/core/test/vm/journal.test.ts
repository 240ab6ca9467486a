import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateJournal } from '#vm/journal.js';
import { defaultCallLimits } from '#vm/limits.js';

const key: fc.Arbitrary<string> = fc.constantFrom('', 'a', 'b', '__proto__', 'constructor', 'toString', 'é');
const text: fc.Arbitrary<string> = fc.constantFrom('1', 'null', '"a longer text"');

describe('StateJournal', () => {
  it('does what a map would, and tells what is different in the end', () => {
    const step = fc.record({ act: fc.constantFrom('read', 'write', 'remove'), key, text });
    fc.assert(
      fc.property(fc.dictionary(key, text), fc.array(step), (before, steps) => {
        const base = new Map(Object.entries(before));
        const model = new Map(base);
        const journal = new StateJournal(defaultCallLimits);
        journal.begin({ read: (name) => base.get(name) });
        for (const { act, key: name, text: value } of steps) {
          if (act === 'write') {
            journal.write(name, value);
            model.set(name, value);
          } else if (act === 'remove') {
            journal.remove(name);
            model.delete(name);
          }
          expect(journal.read(name)).toBe(model.get(name));
        }
        const after = new Map(base);
        for (const [name, value] of journal.end()) {
          if (value === undefined) after.delete(name);
          else after.set(name, value);
        }
        expect(after).toEqual(model);
      }),
    );
  });

  it('asks for the same key once', () => {
    const asked: string[] = [];
    const journal = new StateJournal(defaultCallLimits);
    journal.begin({ read: (name) => (asked.push(name), '1') });
    for (const name of ['a', 'a', 'b', 'a']) journal.read(name);
    journal.write('a', '2');
    journal.remove('b');
    expect(asked).toEqual(['a', 'b']);
  });

  it('keeps nothing of one call for the next, and leaves alone what it gave out', () => {
    const journal = new StateJournal(defaultCallLimits);
    journal.begin({ read: () => '"first"' });
    journal.write('a', '1');
    const writes = journal.end();
    journal.begin({ read: () => undefined });
    expect(journal.read('a')).toBeUndefined();
    journal.write('b', '2');
    expect(writes).toEqual(new Map([['a', '1']]));
    expect(journal.end()).toEqual(new Map([['b', '2']]));
    expect(journal.end()).toEqual(new Map());
  });

  it('counts what is left written, not what was written', () => {
    const journal = new StateJournal({ ...defaultCallLimits, stateWriteBytes: 10 });
    journal.begin({ read: () => undefined });
    for (let round = 0; round < 100; round++) journal.write('k', '12345');
    journal.remove('k');
    journal.write('key', '1234567');
    expect(() => journal.write('x', '')).toThrow('a call may leave at most 10 bytes of state written');
  });
});
