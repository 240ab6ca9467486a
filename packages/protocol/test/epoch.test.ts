import { fromHex, keccak256, sign, toHex } from '@enigma-worker/crypto';
import { describe, expect, it } from 'vitest';
import { epochImage, type EpochParameters, nestedList, nestedScalar } from '@enigma-worker/protocol';
import { word } from '#word.js';
import { readVectors, vectorNamed } from './vectors.js';

interface Inputs {
  readonly principal_private_key: string;
  readonly seed: string;
  readonly nonce: string;
  readonly workers: readonly string[];
  readonly stakes: readonly string[];
}

function parametersOf(inputs: Inputs): EpochParameters {
  const workers = inputs.workers.map((address, i) => ({
    address: fromHex(address),
    stake: BigInt(inputs.stakes[i]!),
  }));
  return { seed: BigInt(inputs.seed), nonce: BigInt(inputs.nonce), workers };
}

const images = readVectors<
  Inputs,
  Record<'image_nested' | 'keccak256_nested' | 'image_flat_old' | 'keccak256_flat_old', string>
>('epoch').filter(({ name }) => name.startsWith('epoch image'));

describe('the image of an epoch', () => {
  it.each(images)('gives the known answers: $name', ({ inputs, outputs }) => {
    const parameters = parametersOf(inputs);
    const nested = epochImage(parameters, 'nested');
    expect(toHex(nested)).toBe(outputs.image_nested);
    expect(toHex(keccak256(nested))).toBe(outputs.keccak256_nested);
    const flat = epochImage(parameters, 'flat');
    expect(toHex(flat)).toBe(outputs.image_flat_old);
    expect(toHex(keccak256(flat))).toBe(outputs.keccak256_flat_old);
  });

  it('is signed as the contracts of the deployed network accepted it', () => {
    const { inputs, outputs } = vectorNamed<
      Inputs,
      Record<'nested' | 'flat_old', Record<'image' | 'hash' | 'sig', string>>
    >('epoch', 'setWorkersParams');
    const parameters = parametersOf(inputs);
    const key = fromHex(inputs.principal_private_key);
    expect(toHex(sign(epochImage(parameters, 'nested'), key))).toBe(outputs.nested.sig);
    expect(toHex(sign(epochImage(parameters, 'flat'), key))).toBe(outputs.flat_old.sig);
  });
});

describe('the nested encoding', () => {
  const encoded = (name: string): string =>
    vectorNamed<unknown, { encoding: string }>('epoch', `nested encoding of ${name}`).outputs.encoding;

  it('gives the known answers', () => {
    const list = vectorNamed<{ values: readonly string[] }, unknown>('epoch', 'nested encoding of uint256[]');
    const lists = vectorNamed<{ values: readonly (readonly string[])[] }, unknown>(
      'epoch',
      'nested encoding of address[][]',
    );
    expect(toHex(nestedScalar(word(24)))).toBe(encoded('uint256 24'));
    expect(toHex(nestedScalar(new Uint8Array(20).fill(2)))).toBe(encoded('address 02*20'));
    const integers = list.inputs.values.map((value) => nestedScalar(word(BigInt(value))));
    expect(toHex(nestedList(integers))).toBe(encoded('uint256[]'));
    const inner = lists.inputs.values.map((addresses) =>
      nestedList(addresses.map((address) => nestedScalar(fromHex(address)))),
    );
    expect(toHex(nestedList(inner))).toBe(encoded('address[][]'));
  });
});
