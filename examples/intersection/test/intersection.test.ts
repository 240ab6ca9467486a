import fc from 'fast-check';
import { keccak256, stringToHex } from 'viem';
import { expect, it } from 'vitest';
import { deploy } from '../../testing/contract.js';
import { intersectionAbi } from '../build/intersection.abi.js';

const wasm = new URL('../build/intersection.wasm', import.meta.url);
const hash = (text: string): `0x${string}` => keccak256(stringToHex(text));
const [first, second] = [hash('first party'), hash('second party')];

it('finds what two sets have in common', () => {
  const set = fc.uniqueArray(
    fc.integer({ min: 0, max: 20 }).map((n) => hash(String(n))),
    { maxLength: 15 },
  );
  fc.assert(
    fc.property(set, set, (a, b) => {
      const contract = deploy(wasm, intersectionAbi, [first, second]);
      contract.call('submit', [first, a]);
      contract.call('submit', [second, b]);
      expect(contract.call('intersection', [first])).toEqual(b.filter((item) => a.includes(item)));
    }),
    { numRuns: 20 },
  );
});

it('answers the two parties, once both gave a set', () => {
  const contract = deploy(wasm, intersectionAbi, [first, second]);
  contract.call('submit', [second, [hash('x')]]);
  expect(() => contract.call('intersection', [second])).toThrow('a set is missing');
  expect(() => contract.call('submit', [second, [hash('y')]])).toThrow('this party gave its set');
  expect(() => contract.call('submit', [hash('eve'), [hash('y')]])).toThrow('an unknown party');
  contract.call('submit', [first, [hash('x'), hash('y')]]);
  expect(() => contract.call('intersection', [hash('eve')])).toThrow('an unknown party');
  expect(contract.call('intersection', [second])).toEqual([hash('x')]);
});
