import { expect, it } from 'vitest';
import { auctionAbi } from '../../auction/build/auction.abi.js';
import { deploy, Reverted } from '../contract.js';

const wasm = new URL('../../auction/build/auction.wasm', import.meta.url);
const secret = `0x${'01'.repeat(32)}` as const;

it('calls are typed by the ABI file', () => {
  const auction = deploy(wasm, auctionAbi, [secret, 100n]);
  const price: bigint = auction.call('bidOf', [secret]);
  expect(price).toBe(0n);
  // @ts-expect-error the contract has no such function
  expect(() => auction.call('steal', [])).toThrow();
  // @ts-expect-error an amount is a bigint
  expect(() => auction.call('bid', [secret, 'much'])).toThrow();
  // @ts-expect-error an argument is missing
  expect(() => auction.call('bid', [secret])).toThrow();
  // @ts-expect-error the constructor takes two arguments
  expect(() => deploy(wasm, auctionAbi, [secret])).toThrow();
});

it('a failure carries the reason of the contract', () => {
  const auction = deploy(wasm, auctionAbi, [secret, 100n]);
  expect(() => auction.call('outcome', [])).toThrow(
    new Reverted('Error in execution of WASM code: unreachable: the auction is still open'),
  );
});
