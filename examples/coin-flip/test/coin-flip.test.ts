import { numberToHex, zeroHash } from 'viem';
import { expect, it } from 'vitest';
import { deploy } from '../../testing/contract.js';
import { coinFlipAbi } from '../build/coin-flip.abi.js';

const wasm = new URL('../build/coin-flip.wasm', import.meta.url);
const round = (n: number): `0x${string}` => numberToHex(n, { size: 32 });

it('counts wins and losses by what was tossed', () => {
  const contract = deploy(wasm, coinFlipAbi, []);
  const player = round(77);
  let wins = 0;
  for (let i = 0; i < 64; i++) {
    const isWin = contract.call('flip', [round(i), player, true]);
    if (isWin) wins++;
    expect(contract.call('landedHeads', [round(i)])).toBe(isWin);
  }
  expect(contract.call('winsOf', [player])).toBe(wins);
  expect(contract.call('lossesOf', [player])).toBe(64 - wins);
  // That all 64 fall on one side happens once in 2^63 runs.
  expect(wins).toBeGreaterThan(0);
  expect(wins).toBeLessThan(64);
});

it('tosses once for each round', () => {
  const contract = deploy(wasm, coinFlipAbi, []);
  contract.call('flip', [round(1), zeroHash, true]);
  expect(() => contract.call('flip', [round(1), zeroHash, false])).toThrow('this round was played');
  expect(() => contract.call('landedHeads', [round(2)])).toThrow('this round was not played');
});
