import { callContract, deployContract, getContract, type EnigmaClient } from '@enigma-worker/sdk';
import { auctionAbi } from '../../auction/build/auction.abi.js';

/** 32 bytes as hex, with `0x`. */
export type Secret = `0x${string}`;

/** What a worker signed. The SDK has verified it, or it would have thrown. */
export interface Receipt {
  readonly signature: Uint8Array;
  readonly usedGas: bigint;
  readonly gasLimit: bigint;
  /** The change of the encrypted state, if there was one: its index and its hash. */
  readonly delta?: { readonly key: number; readonly hash: Uint8Array };
}

/** All that ever comes out of an auction. */
export interface Outcome {
  readonly winner: Secret;
  readonly price: bigint;
}

const bytecode = new URL('../../auction/build/auction.wasm', import.meta.url);

/** Deploys an auction; who knows the seller's secret can close it. */
export async function openAuction(
  client: EnigmaClient,
  seller: Secret,
  reserve: bigint,
): Promise<Receipt & { readonly address: string }> {
  const response = await fetch(bytecode);
  const { deltaHash, ...deployment } = await deployContract(client, {
    bytecode: new Uint8Array(await response.arrayBuffer()),
    abi: auctionAbi,
    args: { seller, reserve },
  });
  return { ...deployment, delta: { key: 0, hash: deltaHash } };
}

/** Places a bid, or raises it. */
export function bid(client: EnigmaClient, address: string, bidder: Secret, amount: bigint): Promise<Receipt> {
  return getContract(client, { abi: auctionAbi, address }).write.bid({ bidder, amount });
}

/** Ends the bidding. */
export function close(client: EnigmaClient, address: string, seller: Secret): Promise<Receipt> {
  return getContract(client, { abi: auctionAbi, address }).write.close({ seller });
}

/** The winner and the price. `contract.read.outcome()` gives the same without the receipt. */
export async function outcome(client: EnigmaClient, address: string): Promise<Receipt & Outcome> {
  const { values, ...receipt } = await callContract(client, {
    address,
    function: 'outcome()',
    returns: '(bytes32 winner,uint256 price)',
  });
  const [{ winner, price }] = values as readonly [Outcome];
  return { ...receipt, winner, price };
}
