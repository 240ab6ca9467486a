import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateError } from '#state/errors.js';
import { compareKeys, nestsWithin } from '#state/json.js';
import { parseJson } from '#state/parse.js';
import { printJson } from '#state/print.js';
import { json } from './arbitrary.js';
import { loadVectors, textVectors } from './vectors.js';

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof StateError ? error.code : 'not a StateError';
  }
}

describe('known answers', () => {
  it.each(textVectors('state.json', 'state value'))('$name', ({ inputs, outputs }) => {
    expect(printJson(parseJson(inputs['json_text_in']!))).toBe(outputs['json_text_out']);
  });

  it('floats print as the reference prints them', () => {
    const vector = loadVectors('state.json').find(({ name }) => name.startsWith('floats'))!;
    const rows = vector.outputs['rows'] as (readonly [string, string])[];
    expect(rows.length).toBeGreaterThan(500);
    for (const [text] of rows) expect(printJson(parseJson(text))).toBe(text);
  });
});

describe('numbers', () => {
  it.each([
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['1e2', '100.0'],
    ['1E+2', '100.0'],
    ['1e-400', '0.0'],
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', '1.8446744073709552e19'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['-9223372036854775809', '-9.223372036854776e18'],
    ['100000000000000000000000', '1e23'],
    ['0.00001', '0.00001'],
    ['0.000001', '1e-6'],
    ['9999999999999998.0', '9999999999999998.0'],
    ['10000000000000000.0', '1e16'],
    ['1.7976931348623157e308', '1.7976931348623157e308'],
    ['5e-324', '5e-324'],
    ['123456789012345678', '123456789012345678'],
  ])('%s reads as %s', (text, printed) => {
    expect(printJson(parseJson(text))).toBe(printed);
  });

  it.each([
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '1e+',
    '--1',
    '-',
    '0x1',
    'NaN',
    'Infinity',
    '1e400',
    '-1e999',
    '9'.repeat(400),
  ])('refuses %s', (text) => {
    expect(codeOf(() => parseJson(text))).toBe('INVALID_JSON');
  });

  it('keeps the integer 1 and the float 1.0 apart', () => {
    expect(parseJson('[1,1.0]')).toEqual([1n, 1]);
  });
});

describe('strings and structure', () => {
  it.each([
    ['"\\u0041\\n\\/\\b\\f\\r\\t\\"\\\\"', '"A\\n/\\b\\f\\r\\t\\"\\\\"'],
    ['"\\ud83d\\ude00"', '"\u{1f600}"'],
    ['"\\u0000\\u001f\\u007f\\u2028"', '"\\u0000\\u001f\u007f\u2028"'],
    ['{"__proto__":{"x":1},"constructor":2}', '{"__proto__":{"x":1},"constructor":2}'],
    ['{"b":1,"a":2,"b":3}', '{"a":2,"b":3}'],
    ['{"10":1,"9":2,"a":3,"A":4}', '{"10":1,"9":2,"A":4,"a":3}'],
    ['{"\u{1f600}":1,"\uffff":2,"\ue000":3,"z":4}', '{"z":4,"\ue000":3,"\uffff":2,"\u{1f600}":1}'],
    [' \t\r\n[ ] ', '[]'],
  ])('%j reads as %j', (text, printed) => {
    expect(printJson(parseJson(text))).toBe(printed);
  });

  it.each([
    '',
    ' ',
    '[1,]',
    '[1 2]',
    '{"a":1,}',
    '{a:1}',
    '{"a" 1}',
    '[',
    '{',
    '"',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\ud800"',
    'nul',
    'true1',
    '1 2',
    '\ufeff1',
    '\u00a01',
  ])('refuses %j', (text) => {
    expect(codeOf(() => parseJson(text))).toBe('INVALID_JSON');
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(codeOf(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('INVALID_JSON');
    expect(parseJson(Uint8Array.of(0x22, 0xc3, 0xa9, 0x22))).toBe('é');
  });

  it('nests 127 deep and no deeper, or as deep as it is told', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(printJson(parseJson(nested(127)))).toBe(nested(127));
    expect(codeOf(() => parseJson(nested(128)))).toBe('INVALID_JSON');
    expect(codeOf(() => parseJson(nested(1_000_000)))).toBe('INVALID_JSON');
    expect(codeOf(() => parseJson('[[]]', { maxDepth: 1 }))).toBe('INVALID_JSON');
    expect(parseJson('[[],[]]', { maxDepth: 2 })).toEqual([[], []]);
  });

  it('tells how deep a value nests', () => {
    const depths: readonly (readonly [text: string, depth: number])[] = [
      ['7', 0],
      ['[]', 1],
      ['{}', 1],
      ['[1,{"a":2}]', 2],
      ['{"a":[],"b":[[0]]}', 3],
    ];
    for (const [text, depth] of depths) {
      expect(nestsWithin(depth, parseJson(text))).toBe(true);
      expect(nestsWithin(depth - 1, parseJson(text))).toBe(depth === 0);
    }
  });

  it('never tells a value in an error', () => {
    expect(() => parseJson('{"secret": hidden}')).toThrow(/^JSON: expected a value at position 11$/);
  });
});

const JSON_CHARACTERS = Array.from('[]{}",:0123456789.eE+-truefalsn \\u');

describe('properties', () => {
  it('printing what was read changes nothing, reading what was printed gives the same value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = printJson(value);
        const read = parseJson(text);
        expect(printJson(read)).toBe(text);
        expect(sorted(read)).toEqual(sorted(value));
      }),
    );
  });

  it('agrees with JSON.parse on what is JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: fc.constantFrom(...JSON_CHARACTERS) })), (text) => {
        const expected = ((): unknown => {
          try {
            return JSON.parse(text);
          } catch {
            return undefined;
          }
        })();
        // What only we refuse: lone surrogates and floats that overflow.
        if (expected === undefined) expect(codeOf(() => parseJson(text))).toBe('INVALID_JSON');
        else if (!/\\u|\p{Surrogate}|\de/iu.test(text)) expect(codeOf(() => parseJson(text))).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('orders keys as their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});

/** Maps compare in order of insertion, which is not part of a JSON value. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!(value instanceof Map)) return value;
  return [...(value as Map<string, unknown>)]
    .sort(([a], [b]) => compareKeys(a, b))
    .map(([key, item]) => [key, sorted(item)]);
}
