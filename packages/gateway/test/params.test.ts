import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { INVALID_PARAMS, Params } from '#params.js';

const refused = (read: () => unknown, message: string) => {
  expect(read).toThrow(
    expect.objectContaining({ code: INVALID_PARAMS, message: `Invalid params: ${message}` }),
  );
};

test('parameters are one object, a list of one object, or none', () => {
  expect(new Params({ a: 'x' }).text('a')).toBe('x');
  expect(new Params([{ a: 'x' }]).text('a')).toBe('x');
  for (const none of [undefined, null, [], {}]) expect(new Params(none).has('a')).toBe(false);
  refused(() => new Params('x'), 'params: expected one object, got string');
  refused(() => new Params([null]), 'params: expected one object, got null');
  refused(() => new Params([[]]), 'params: expected one object, got a list');
});

test('what an object inherits is no parameter', () => {
  expect(new Params({}).has('toString')).toBe(false);
  refused(() => new Params({}).text('constructor'), 'constructor: expected a text, got undefined');
});

test('bytes are hex, of the length asked for', () => {
  expect(new Params({ a: '0x00ff' }).bytes('a')).toEqual(Uint8Array.of(0, 255));
  expect(new Params({ a: '00ff' }).bytes('a', 2)).toEqual(Uint8Array.of(0, 255));
  refused(() => new Params({ a: '00ff' }).bytes('a', 32), 'a: expected 32 bytes, got 2');
  refused(() => new Params({ a: 'zz' }).bytes('a'), 'a: expected hex, got string');
  refused(() => new Params({ a: 5 }).bytes('a'), 'a: expected hex, got number');
  refused(() => new Params({}).bytes('a'), 'a: expected hex, got undefined');
});

test('integers lie between 0 and their bound', () => {
  expect(new Params({}).integer('n', 3, 10)).toBe(3);
  expect(new Params({ n: null }).integer('n', 3, 10)).toBe(3);
  expect(new Params({ n: 10 }).integer('n', 3, 10)).toBe(10);
  for (const n of [11, -1, 1.5, '5', Number.NaN]) {
    refused(
      () => new Params({ n }).integer('n', 3, 10),
      `n: expected an integer from 0 to 10, got ${typeof n}`,
    );
  }
});

test('gas is an integer or a decimal text, exact up to 2^64-1', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (gas) => {
      expect(new Params({ gas: gas.toString() }).gas('gas', 0n)).toBe(gas);
    }),
  );
  expect(new Params({ gas: 5 }).gas('gas', 0n)).toBe(5n);
  expect(new Params({}).gas('gas', 9n)).toBe(9n);
  for (const gas of [(2n ** 64n).toString(), '-1', '0x5', '', -1, 1.5, 2 ** 60, true]) {
    refused(
      () => new Params({ gas }).gas('gas', 0n),
      `gas: expected an integer from 0 to 2^64-1, got ${typeof gas}`,
    );
  }
});

test('a refusal tells the kind of a value, never the value', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8 }), (secret) => {
      try {
        new Params({ a: `g${secret}` }).bytes('a');
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).not.toContain(secret);
      }
    }),
  );
});
