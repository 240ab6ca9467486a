import { keccak256, stringToHex } from 'viem';
import { expect, it } from 'vitest';
import { deploy } from '../../testing/contract.js';
import { auctionAbi } from '../build/auction.abi.js';

const wasm = new URL('../build/auction.wasm', import.meta.url);
const secret = (text: string): `0x${string}` => keccak256(stringToHex(text));
const open = (): ReturnType<typeof deploy<typeof auctionAbi>> =>
  deploy(wasm, auctionAbi, [secret('seller'), 100n]);

it('gives the highest bidder the second price', () => {
  const auction = open();
  auction.call('bid', [secret('a'), 120n]);
  auction.call('bid', [secret('b'), 300n]);
  auction.call('bid', [secret('c'), 200n]);
  auction.call('bid', [secret('a'), 250n]);
  expect(auction.call('bidOf', [secret('a')])).toBe(250n);
  auction.call('close', [secret('seller')]);
  expect(auction.call('outcome', [])).toEqual({ winner: secret('b'), price: 250n });
});

it('gives a single bidder the reserve', () => {
  const auction = open();
  auction.call('bid', [secret('a'), 120n]);
  auction.call('close', [secret('seller')]);
  expect(auction.call('outcome', [])).toEqual({ winner: secret('a'), price: 100n });
});

it('says nothing before it is closed, and takes nothing after', () => {
  const auction = open();
  auction.call('bid', [secret('a'), 120n]);
  expect(() => auction.call('outcome', [])).toThrow('the auction is still open');
  expect(() => auction.call('close', [secret('a')])).toThrow('only the seller closes the auction');
  expect(() => auction.call('bid', [secret('b'), 99n])).toThrow('the bid is below the reserve');
  expect(() => auction.call('bid', [secret('a'), 120n])).toThrow('a bid can only be raised');
  auction.call('close', [secret('seller')]);
  expect(() => auction.call('bid', [secret('b'), 500n])).toThrow('the auction is closed');
  expect(() => auction.call('close', [secret('seller')])).toThrow('the auction is closed');
});
