import { inspect } from 'node:util';
import { toHex, utf8 } from '@enigma-worker/crypto';
import { decodeResult, encodeArguments, parseFunction, parseTypes } from '@enigma-worker/sdk';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

test.each([
  ['sub(uint256,uint256)', 'sub', ['uint256', 'uint256']],
  ['construct()', 'construct', []],
  ['  f ( address , bytes32[] ) ', 'f', ['address', 'bytes32[]']],
])('%s is taken apart', (text, name, types) => {
  const parsed = parseFunction(text);
  expect(parsed.name).toBe(name);
  expect(parsed.inputs.map(({ type }) => type)).toEqual(types);
});

test('tuples are spelled out in the text that is sent', () => {
  expect(parseFunction('pay((bytes32 to,uint256 amount)[],bool)').text).toBe('pay((bytes32,uint256)[],bool)');
});

test.each(['', 'sub', 'sub(', 'sub(uint257)', '(uint256)', 'f(nonsense)', '1f()'])(
  '%j is refused',
  (text) => {
    expect(() => parseFunction(text)).toThrow(expect.objectContaining({ code: 'FUNCTION_UNKNOWN' }));
  },
);

test('what is encoded decodes to the same', () => {
  const word = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((b) => `0x${Buffer.from(b).toString('hex')}` as const);
  const value = fc.tuple(
    fc.bigInt(0n, 2n ** 256n - 1n),
    fc.boolean(),
    word,
    fc.string({ unit: 'grapheme' }),
    fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  );
  const types = parseTypes('uint256,bool,bytes32,string,int64[]');
  fc.assert(
    fc.property(value, (values) => {
      expect(decodeResult(types, encodeArguments(types, values))).toEqual(values);
    }),
  );
});

test('values that do not fit are refused with a code', () => {
  const refused = (types: string, values: readonly unknown[]) => {
    expect(() => encodeArguments(parseTypes(types), values)).toThrow(
      expect.objectContaining({ code: 'ARGUMENTS_MISMATCH' }),
    );
  };
  refused('uint8', [256n]);
  refused('uint256', []);
  refused('bytes32', ['0x00']);
  refused('address', ['0x1']);
});

test('results that are not of the types named are refused', () => {
  expect(() => decodeResult(parseTypes('uint256'), new Uint8Array(3))).toThrow(
    expect.objectContaining({
      name: 'SdkError',
      code: 'RESULT_MALFORMED',
      message: 'result: expected the ABI of (uint256), got 3 other bytes',
    }),
  );
});

test('the error of such a result, printed whole, does not tell the result', () => {
  expect.assertions(4);
  const secret = utf8('nobody may know');
  for (const [types, bytes] of [
    ['uint256', secret],
    ['bool', new Uint8Array([...secret, ...new Uint8Array(17)])],
  ] as const) {
    try {
      decodeResult(parseTypes(types), bytes);
    } catch (error) {
      expect(inspect(error)).not.toContain(toHex(secret));
      expect(inspect(error)).not.toContain(secret.join(','));
    }
  }
});
