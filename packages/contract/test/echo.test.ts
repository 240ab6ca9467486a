import fc from 'fast-check';
import { bytesToHex, type Hex, keccak256, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { Harness } from './harness.js';
import { compileText } from './sources.js';

/** A type of the interface: how a contract writes it, how Solidity names it, and its values as viem takes them. */
interface Sample {
  readonly written: string;
  readonly solidity: string;
  readonly values: fc.Arbitrary<unknown>;
}

const bytesOf = (length: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => bytesToHex(bytes));

function integer(prefix: 'uint' | 'int', bits: number, written: string): Sample {
  const max = prefix === 'uint' ? (1n << BigInt(bits)) - 1n : (1n << BigInt(bits - 1)) - 1n;
  const min = prefix === 'uint' ? 0n : -max - 1n;
  // viem gives numbers up to 48 bits and bigints above.
  const values = fc
    .oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n, 1n))
    .map((value) => (bits <= 48 ? Number(value) : value));
  return { written, solidity: `${prefix}${bits}`, values };
}

const widths = Array.from({ length: 32 }, (_, i) => 8 * (i + 1));
const simple: readonly Sample[] = [
  { written: 'bool', solidity: 'bool', values: fc.boolean() },
  { written: 'string', solidity: 'string', values: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    written: 'Uint8Array',
    solidity: 'bytes',
    values: fc.uint8Array({ maxLength: 100 }).map((bytes) => bytesToHex(bytes)),
  },
  { written: 'Address', solidity: 'address', values: bytesOf(20).map((hex) => checksum(hex)) },
  ...widths.flatMap((bits) => [integer('uint', bits, `uint${bits}`), integer('int', bits, `int${bits}`)]),
  ...[8, 16, 32, 64, 256].flatMap((bits) => [
    integer('uint', bits, `u${bits}`),
    integer('int', bits, `i${bits}`),
  ]),
  ...Array.from({ length: 32 }, (_, i) => ({
    written: `Bytes${i + 1}`,
    solidity: `bytes${i + 1}`,
    values: bytesOf(i + 1),
  })),
];

/** EIP-55, which viem writes addresses in. */
function checksum(address: Hex): Hex {
  const digits = address.slice(2);
  const hash = keccak256(toHex(digits)).slice(2);
  return `0x${digits.replace(/./g, (digit, i: number) => (parseInt(hash[i] ?? '0', 16) > 7 ? digit.toUpperCase() : digit))}`;
}

const someSimple = fc.constantFrom(...simple);

/** Arrays, fixed arrays and structs of what is given; structs are declared in `declarations`. */
function compound(item: fc.Arbitrary<Sample>, declarations: string[]): fc.Arbitrary<Sample> {
  const array = item.map((inner) => ({
    written: `${inner.written}[]`,
    solidity: `${inner.solidity}[]`,
    values: fc.array(inner.values, { maxLength: 4 }),
  }));
  const fixed = fc.tuple(item, fc.integer({ min: 1, max: 4 })).map(([inner, length]) => ({
    written: `Fixed${length}<${inner.written}>`,
    solidity: `${inner.solidity}[${length}]`,
    values: fc.array(inner.values, { minLength: length, maxLength: length }),
  }));
  const struct = fc.array(item, { minLength: 1, maxLength: 4 }).map((fields) => {
    const name = `Struct${declarations.length}`;
    declarations.push(
      `@struct class ${name} { ${fields.map((field, i) => `f${i}: ${field.written};`).join(' ')} }`,
    );
    const values = Object.fromEntries(fields.map((field, i) => [`f${i}`, field.values]));
    return { written: name, solidity: 'tuple', values: fc.record(values, { noNullPrototype: true }) };
  });
  return fc.oneof(array, fixed, struct);
}

/** A contract that gives back what it is given, and one that keeps it in its state first. */
function echoSource(samples: readonly Sample[], declarations: readonly string[]): string {
  const names = [
    ...new Set(
      [...samples.map((sample) => sample.written), ...declarations]
        .join(' ')
        .match(/\b(u?int\d+|[ui]256|Bytes\d+|Address|Fixed\d+)\b/g),
    ),
  ];
  return `import { contract, state, struct, view, StateMap, ${names.join(', ')} } from '@enigma-worker/contract/assembly';
${declarations.join('\n')}
@contract export class Echo {
${samples.map((sample, i) => `@state field${i}: ${sample.written};`).join('\n')}
${samples.map((sample, i) => `@view echo${i}(x: ${sample.written}): ${sample.written} { return x; }`).join('\n')}
${samples.map((sample, i) => `set${i}(x: ${sample.written}): void { this.field${i} = x; }`).join('\n')}
${samples.map((sample, i) => `@view get${i}(): ${sample.written} { return this.field${i}; }`).join('\n')}
}`;
}

async function checkEcho(
  samples: readonly Sample[],
  declarations: readonly string[],
  options: { readonly optimize: boolean; readonly runs: number },
): Promise<void> {
  const contract = await compileText(echoSource(samples, declarations), { optimize: options.optimize });
  const harness = new Harness(contract);
  samples.forEach((sample, i) => {
    const described = contract.abi.find((item) => item.type === 'function' && item.name === `echo${i}`);
    expect(described?.inputs[0]?.type).toBe(sample.solidity);
    const context = `${sample.written} of ${declarations.join(' ')}`;
    fc.assert(
      fc.property(sample.values, (value) => {
        const encoded = harness.encode(`echo${i}`, [value]);
        const { result } = harness.run('call', `echo${i}`, encoded);
        expect(Buffer.compare(result, encoded), context).toBe(0);
        harness.call(`set${i}`, value);
        expect(harness.call(`get${i}`), context).toEqual(value);
      }),
      { numRuns: options.runs },
    );
  });
}

describe('the interface of a contract', () => {
  it('gives back every simple type as viem encodes it, and keeps it in the state', async () => {
    await checkEcho(simple, [], { optimize: false, runs: 6 });
  }, 120_000);

  it('gives back arrays, fixed arrays and structs, nested', async () => {
    const declarations: string[] = [];
    const once = compound(someSimple, declarations);
    const twice = compound(fc.oneof(someSimple, once), declarations);
    const samples = [
      ...fc.sample(once, 12),
      ...fc.sample(twice, 12),
      ...fc.sample(compound(twice, declarations), 6),
    ];
    await checkEcho(samples, declarations, { optimize: true, runs: 10 });
  }, 120_000);
});
