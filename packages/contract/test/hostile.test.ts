import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Harness, Trapped } from './harness.js';
import { compileText } from './sources.js';

const SOURCE = `
import { contract, state, view, u256, i256, Address, Bytes5, Fixed3, struct, uint24, int40 } from '@enigma-worker/contract/assembly';
@struct class Leaf { name: string; amount: u256; flag: bool; }
@struct class Tree { leaves: Leaf[]; pair: Fixed3<string>; data: Uint8Array; small: uint24; low: int40; who: Address; tag: Bytes5; }
@contract export class Hostile {
  @state tree: Tree;
  @view take(tree: Tree, words: u64[][], signed: i256): Tree { return tree; }
  keep(tree: Tree): void { this.tree = tree; }
  @view kept(): Tree { return this.tree; }
}`;

const TREE = {
  leaves: [
    { name: 'a', amount: 5n, flag: true },
    { name: 'bc', amount: 2n ** 255n, flag: false },
  ],
  pair: ['x', '', 'a longer text than thirty-two bytes hold'],
  data: '0x0102',
  small: 70_000,
  low: -5,
  who: `0x${'11'.repeat(20)}`,
  tag: '0x0102030405',
};

describe('arguments that nobody should send', () => {
  let contract: Harness;
  beforeAll(async () => {
    contract = new Harness(await compileText(SOURCE)).deploy();
  });

  /** A call gives a result, or says why it does not: nothing else stops it. */
  function callAnyway(args: Uint8Array): void {
    try {
      contract.run('call', 'take', args);
    } catch (error) {
      if (!(error instanceof Trapped)) throw error;
      expect(error.message).toMatch(
        /^revert: (arguments are not what the function takes|number out of range|out of memory)$/,
      );
    }
  }

  it('are refused with a reason when they are random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => callAnyway(bytes)),
      { numRuns: 200 },
    );
  });

  it('are refused or taken when they are nearly right', () => {
    const good = contract.encode('take', [TREE, [[1n], [], [2n, 3n]], -1n]);
    const interesting = fc.constantFrom(0, 1, 31, 32, 33, 127, 128, 255);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), interesting), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          callAnyway(bytes);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('are kept as they are when they are right', () => {
    contract.call('keep', TREE);
    expect(contract.call('kept')).toEqual(TREE);
  });
});
