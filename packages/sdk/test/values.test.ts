import { encodeArguments, parseTypes, SdkError } from '@enigma-worker/sdk';
import * as fc from 'fast-check';
import { encodeAbiParameters, getAddress, hexToBytes, type AbiParameter, type Hex } from 'viem';
import { expect, test } from 'vitest';

/** A value as a caller may give it, and as viem has it. */
interface Sample {
  readonly given: unknown;
  readonly viem: unknown;
}
interface Kind {
  readonly parameter: AbiParameter;
  readonly samples: fc.Arbitrary<Sample>;
}

const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`;
const same = (values: fc.Arbitrary<unknown>) => values.map((value) => ({ given: value, viem: value }));

function integers(signed: boolean, size: number): Kind {
  const [low, high] = signed ? [-(2n ** BigInt(size - 1)), 2n ** BigInt(size - 1)] : [0n, 2n ** BigInt(size)];
  const values = fc.oneof(fc.bigInt(low, high - 1n), fc.constantFrom(low, 0n, high - 1n));
  const samples = fc.tuple(values, fc.constantFrom('bigint', 'number', 'text')).map(([value, form]) => ({
    given:
      form === 'text'
        ? String(value)
        : form === 'number' && Number.isSafeInteger(Number(value))
          ? Number(value)
          : value,
    viem: value,
  }));
  return { parameter: { type: `${signed ? '' : 'u'}int${size}` }, samples };
}

function bytes(type: string, constraints: fc.IntArrayConstraints): Kind {
  const forms = [
    hex,
    (b: Uint8Array) => `0x${hex(b).slice(2).toUpperCase()}`,
    (b: Uint8Array) => Buffer.from(b),
    (b: Uint8Array) => b,
  ];
  const samples = fc
    .tuple(fc.uint8Array(constraints), fc.constantFrom(...forms))
    .map(([value, form]) => ({ given: form(value), viem: hex(value) }));
  return { parameter: { type }, samples };
}

const scalars: fc.Arbitrary<Kind> = fc.oneof(
  fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 32 })).map(([signed, size]) => integers(signed, 8 * size)),
  fc
    .integer({ min: 1, max: 32 })
    .map((length) => bytes(`bytes${length}`, { minLength: length, maxLength: length })),
  fc.constant(bytes('bytes', { maxLength: 70 })),
  fc.constant({ parameter: { type: 'bool' }, samples: same(fc.boolean()) }),
  fc.constant({ parameter: { type: 'string' }, samples: same(fc.string({ unit: 'binary' })) }),
  fc.constant({
    parameter: { type: 'address' },
    samples: fc
      .tuple(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.boolean())
      .map(([value, checked]) => ({
        given: checked ? getAddress(hex(value)) : hex(value),
        viem: hex(value),
      })),
  }),
);

const listed = (samples: readonly Sample[]): Sample => ({
  given: samples.map(({ given }) => given),
  viem: samples.map(({ viem }) => viem),
});

function lists(of: Kind, length: number | undefined): Kind {
  const type = `${of.parameter.type}[${length ?? ''}]`;
  const bounds = length === undefined ? { maxLength: 3 } : { minLength: length, maxLength: length };
  return { parameter: { ...of.parameter, type }, samples: fc.array(of.samples, bounds).map(listed) };
}

function structs(fields: readonly Kind[], named: boolean): Kind {
  const components = fields.map(({ parameter }, i) => ({ ...parameter, ...(named && { name: `f${i}` }) }));
  const values = fc.tuple(...fields.map(({ samples }) => samples)).map(listed);
  const samples = fc.tuple(values, fc.boolean()).map(([{ given, viem }, byName]) => ({
    given:
      named && byName ? Object.fromEntries((given as unknown[]).map((each, i) => [`f${i}`, each])) : given,
    viem,
  }));
  return { parameter: { type: 'tuple', components }, samples };
}

function kinds(depth: number): fc.Arbitrary<Kind> {
  if (depth === 0) return scalars;
  const inner = kinds(depth - 1);
  return fc.oneof(
    scalars,
    fc
      .tuple(inner, fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }))
      .map((each) => lists(...each)),
    fc.tuple(fc.array(inner, { minLength: 1, maxLength: 3 }), fc.boolean()).map((each) => structs(...each)),
  );
}

test('values that fit are encoded as viem does, in whichever form they come', () => {
  const samples = kinds(3).chain(({ parameter, samples: of }) =>
    of.map((sample) => ({ parameter, ...sample })),
  );
  fc.assert(
    fc.property(samples, ({ parameter, given, viem }) => {
      const expected = hexToBytes(encodeAbiParameters([parameter], [viem]));
      expect(encodeArguments([parameter], [given])).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test('whatever is given, it is encoded or refused with a code', () => {
  fc.assert(
    fc.property(kinds(2), fc.anything({ withBigInt: true, withTypedArray: true }), ({ parameter }, value) => {
      try {
        encodeArguments([parameter], [value]);
      } catch (error) {
        expect(error).toBeInstanceOf(SdkError);
        expect(error).toMatchObject({ code: 'ARGUMENTS_MISMATCH' });
      }
    }),
    { numRuns: 1000 },
  );
});

const bytesMessage = 'expected bytes, as 0x and pairs of hex digits or as a Uint8Array, got';
const integerMessage = 'expected an integer, as a bigint, a safe number or decimal text, got';

test.each<readonly [types: string, value: unknown, message: string]>([
  ['bytes', 'hello', `arguments[0]: ${bytesMessage} another text`],
  ['bytes', '0xabc', `arguments[0]: ${bytesMessage} another text`],
  ['bytes', 'abcd', `arguments[0]: ${bytesMessage} another text`],
  ['bytes', '0x ab', `arguments[0]: ${bytesMessage} another text`],
  ['bytes', [1, 2], `arguments[0]: ${bytesMessage} a list`],
  ['bytes', undefined, `arguments[0]: ${bytesMessage} nothing`],
  ['bytes4', 'deadbeef', `arguments[0]: ${bytesMessage} another text`],
  ['bytes4 id', '0x00', 'arguments: id: expected 4 bytes, got 1'],
  ['bytes4', new Uint8Array(5), 'arguments[0]: expected 4 bytes, got 5'],
  ['string', 5, 'arguments[0]: expected a text, got a number'],
  ['string', undefined, 'arguments[0]: expected a text, got nothing'],
  ['string', {}, 'arguments[0]: expected a text, got an object'],
  ['string', '\ud800', 'arguments[0]: expected a text, got one with half a surrogate pair'],
  ['bool', 1, 'arguments[0]: expected a boolean, got a number'],
  ['bool', 'true', 'arguments[0]: expected a boolean, got a text'],
  ['uint256', [], `arguments[0]: ${integerMessage} a list`],
  ['uint256', true, `arguments[0]: ${integerMessage} a boolean`],
  ['uint256', null, `arguments[0]: ${integerMessage} null`],
  ['uint256', '', `arguments[0]: ${integerMessage} another text`],
  ['uint256', '0x10', `arguments[0]: ${integerMessage} another text`],
  ['uint256', 1.5, `arguments[0]: ${integerMessage} another number`],
  ['uint256', 2 ** 53, `arguments[0]: ${integerMessage} another number`],
  ['uint8', 256, 'arguments[0]: expected an integer from 0 to 2^8-1, got another one'],
  ['uint8', -1n, 'arguments[0]: expected an integer from 0 to 2^8-1, got another one'],
  ['int8', 128, 'arguments[0]: expected an integer from -2^7 to 2^7-1, got another one'],
  ['uint8[3]', [1, 2], 'arguments[0]: expected 3 values, got 2'],
  ['uint8[]', 'x', 'arguments[0]: expected a list, got a text'],
  // A hole is no value.
  ['uint8[]', Array(1), `arguments[0][0]: ${integerMessage} nothing`],
  ['address', '0x12', 'arguments[0]: expected an address: 0x and 40 hex digits, got another text'],
  [
    'address to',
    '0xd8da6BF26964aF9D7eEd9e03E53415D37aA96045',
    'arguments: to: expected an address in lower case or with its checksum, got another case',
  ],
  ['(uint8 a,string s)', { a: 1 }, 'arguments[0].s: expected a text, got nothing'],
  ['(uint8 a,string s) l', [1], 'arguments: l: expected 2 values, got 1'],
  ['(uint8 a,string s)', null, 'arguments[0]: expected an object or a list, got null'],
  ['(uint8,string)', { a: 1 }, 'arguments[0]: expected a list, for its fields have no names, got an object'],
  [
    '(uint8 a,(string[] tags)[] lines) l',
    { a: 1, lines: [{ tags: [] }, { tags: ['x', 5] }] },
    'arguments: l.lines[1].tags[1]: expected a text, got a number',
  ],
])('what does not fit %s is refused (%#)', (types, value, message) => {
  const encode = () => encodeArguments(parseTypes(types), [value]);
  expect(encode).toThrow(expect.objectContaining({ code: 'ARGUMENTS_MISMATCH', message }));
});

test('types that the interface of no contract has are refused', () => {
  const encode = () => encodeArguments([{ type: 'function', name: 'f' }], ['0x']);
  expect(encode).toThrow(expect.objectContaining({ code: 'FUNCTION_UNKNOWN' }));
});
