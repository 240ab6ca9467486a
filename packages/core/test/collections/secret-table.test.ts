import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretTable } from '#collections/secret-table.js';

function nameOf(number: number): Uint8Array {
  const name = new Uint8Array(12);
  new DataView(name.buffer).setUint32(4, number);
  return name;
}

const secretOf = (number: number): Uint8Array => Uint8Array.of(number >> 8, number, 1);

describe('SecretTable', () => {
  it('gives each secret out once', () => {
    const table = new SecretTable(3);
    table.hold(nameOf(1), secretOf(1), 10);
    expect(table.take(nameOf(2), 0)).toBeUndefined();
    expect(table.take(nameOf(1), 0)).toEqual(secretOf(1));
    expect(table.take(nameOf(1), 0)).toBeUndefined();
  });

  it('holds a copy', () => {
    const table = new SecretTable(3);
    const secret = secretOf(7);
    table.hold(nameOf(1), secret, 10);
    secret.fill(0);
    expect(table.take(nameOf(1), 0)).toEqual(secretOf(7));
  });

  it('gives copies of what stays', () => {
    const table = new SecretTable(3);
    for (const number of [1, 2]) table.hold(nameOf(number), secretOf(number));
    table.get(nameOf(1))?.fill(0);
    expect(table.get(nameOf(1))).toEqual(secretOf(1));
    expect(table.get(nameOf(3))).toBeUndefined();
    table.dropOldest();
    expect(table.get(nameOf(2))).toBeUndefined();
    expect(table.take(nameOf(1), Number.MAX_VALUE)).toEqual(secretOf(1));
  });

  it('does not give out what has expired', () => {
    const table = new SecretTable(3);
    table.hold(nameOf(1), secretOf(1), 10);
    expect(table.take(nameOf(1), 10)).toBeUndefined();
    expect(table.size).toBe(0);
  });

  it('refuses secrets of another length', () => {
    const table = new SecretTable(3);
    expect(() => table.hold(nameOf(1), new Uint8Array(4), 10)).toThrow(RangeError);
    expect(table.size).toBe(0);
  });

  it('takes names of any length, none for another', () => {
    const table = new SecretTable(3);
    const names = [0, 1, 11, 12, 100].map((length) => new Uint8Array(length));
    for (const [number, name] of names.entries()) table.hold(name, secretOf(number));
    expect(names.map((name) => table.get(name))).toEqual(names.map((_, number) => secretOf(number)));
    expect(table.get(new Uint8Array(13))).toBeUndefined();
  });

  it('holds thousands', () => {
    const table = new SecretTable(3);
    const numbers = Array.from({ length: 3000 }, (_, number) => number);
    for (const number of numbers) table.hold(nameOf(number), secretOf(number), number);
    expect([table.size, table.oldestExpiry]).toEqual([3000, 0]);
    const taken = numbers.map((number) => table.take(nameOf(number), -1));
    expect(taken).toEqual(numbers.map(secretOf));
    expect([table.size, table.oldestExpiry]).toEqual([0, undefined]);
  });

  it('does as a map in order of arrival or use does', () => {
    const name = fc.nat(40);
    const step = fc.oneof(
      fc.record({ act: fc.constant('hold' as const), name, secret: fc.nat(65_535) }),
      fc.record({ act: fc.constant('take' as const), name }),
      fc.record({ act: fc.constant('get' as const), name }),
      fc.record({ act: fc.constant('drop' as const) }),
      fc.record({ act: fc.constant('clear' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new SecretTable(3);
        const model = new Map<number, { secret: number; expires: number }>();
        steps.forEach((given, expires) => {
          if (given.act === 'hold') {
            table.hold(nameOf(given.name), secretOf(given.secret), expires);
            model.delete(given.name);
            model.set(given.name, { secret: given.secret, expires });
          } else if (given.act === 'take') {
            const known = model.get(given.name);
            const expected = known === undefined ? undefined : secretOf(known.secret);
            expect(table.take(nameOf(given.name), -1)).toEqual(expected);
            model.delete(given.name);
          } else if (given.act === 'get') {
            const known = model.get(given.name);
            const expected = known === undefined ? undefined : secretOf(known.secret);
            expect(table.get(nameOf(given.name))).toEqual(expected);
            model.delete(given.name);
            if (known !== undefined) model.set(given.name, known);
          } else if (given.act === 'drop') {
            table.dropOldest();
            for (const oldest of [...model.keys()].slice(0, 1)) model.delete(oldest);
          } else {
            table.clear();
            model.clear();
          }
          expect(table.size).toBe(model.size);
          expect(table.oldestExpiry).toBe([...model.values()][0]?.expires);
        });
      }),
    );
  });
});
