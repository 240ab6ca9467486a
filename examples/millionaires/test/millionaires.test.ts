import { pad, stringToHex, zeroHash } from 'viem';
import { expect, it } from 'vitest';
import { deploy } from '../../testing/contract.js';
import { millionairesAbi } from '../build/millionaires.abi.js';

const wasm = new URL('../build/millionaires.wasm', import.meta.url);
const name = (text: string): `0x${string}` => pad(stringToHex(text), { size: 32, dir: 'right' });

it('finds the richest', () => {
  const contract = deploy(wasm, millionairesAbi, []);
  expect(contract.call('computeRichest', [])).toBe(zeroHash);
  contract.call('addMillionaire', [name('Alice'), 1_000_000n]);
  contract.call('addMillionaire', [name('Bob'), 2n ** 256n - 1n]);
  contract.call('addMillionaire', [name('Carol'), 3_000_000n]);
  expect(contract.call('computeRichest', [])).toBe(name('Bob'));
  contract.call('addMillionaire', [name('Bob'), 1n]);
  expect(contract.call('computeRichest', [])).toBe(name('Carol'));
});

it('prefers the first of equals', () => {
  const contract = deploy(wasm, millionairesAbi, []);
  contract.call('addMillionaire', [name('Alice'), 5n]);
  contract.call('addMillionaire', [name('Bob'), 5n]);
  expect(contract.call('computeRichest', [])).toBe(name('Alice'));
});
