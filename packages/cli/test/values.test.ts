import { encodeArguments, parseTypes } from '@enigma-worker/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '#errors.js';
import { parseValue, printValue } from '#values.js';

const typed = (type: string) => parseTypes(type)[0]!;
const parse = (type: string, text: string): unknown => parseValue(typed(type), text);
const large = 2n ** 256n - 1n;

describe('values of the command line', () => {
  it.each<readonly [type: string, text: string, value: unknown]>([
    ['uint256', '60', 60n],
    ['int8', '-0x5', -5n],
    ['bool', 'true', true],
    ['string', 'hello, 5 apples', 'hello, 5 apples'],
    ['bytes', 'ABCD', '0xabcd'],
    [
      'string[]',
      '["hello, 5 apples", ", 7 ]", "a \\"1\\" \\\\", 5]',
      ['hello, 5 apples', ', 7 ]', 'a "1" \\', '5'],
    ],
    ['string[][]', '[["1"],[],["\\u0031, 2"]]', [['1'], [], ['1, 2']]],
    ['uint256[]', `[${large}, -1,"7"]`, [large, -1n, 7n]],
    ['bool[2]', '[true,"false"]', [true, false]],
    ['(string name,uint256 n)', '["1, 2",3]', ['1, 2', 3n]],
    ['(string,(bytes,bool)[])', '["",[["0xff",true]]]', ['', [['0xff', true]]]],
  ])('%s takes %s', (type, text, value) => {
    expect(parse(type, text)).toEqual(value);
  });

  it.each([
    ['uint256', 'much'],
    ['uint256[]', '[1.5]'],
    ['uint256[]', '[true]'],
    ['uint256[]', '[1'],
    ['uint256[]', '7'],
    ['string[]', '[{}]'],
    ['string[]', '[null]'],
    ['string[]', '[1.50]'],
    ['bool[]', '[1]'],
    ['bytes[]', '["0x1"]'],
    ['(uint8 a)', '[1,2]'],
  ])('%s refuses %s', (type, text) => {
    expect(() => parse(type, text)).toThrow(UsageError);
  });
});

describe('values for people', () => {
  it.each<readonly [value: unknown, text: string]>([
    [large, large.toString()],
    [5, '5'],
    [true, 'true'],
    ['hello', 'hello'],
    [`0x${'ab'.repeat(20)}`, `0x${'ab'.repeat(20)}`],
    [[1n, [2n]], '[1,[2]]'],
    [{ winner: '0x00', price: 250n, tags: ['5'] }, '{"winner":"0x00","price":250,"tags":["5"]}'],
  ])('case %#', (value, text) => {
    expect(printValue(value)).toBe(text);
  });

  it('lists that were printed can be given again', () => {
    const type = '(uint256,int256[],string[])[]';
    const values = fc.array(
      fc.tuple(
        fc.bigInt(0n, large),
        fc.array(fc.bigInt(-(2n ** 255n), 2n ** 255n - 1n), { maxLength: 3 }),
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 }),
      ),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(values, (value) => {
        const again = parse(type, printValue(value));
        expect(again).toEqual(value);
        expect(encodeArguments([typed(type)], [again])).toEqual(encodeArguments([typed(type)], [value]));
      }),
    );
  });
});
