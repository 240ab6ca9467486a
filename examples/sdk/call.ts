// #region call
import { getContract, type EnigmaClient } from '@enigma-worker/sdk';
import { auctionAbi } from '../auction/build/auction.abi.js';

/** Bids, and looks at the own bid. */
export async function bidAndLook(
  client: EnigmaClient,
  address: string,
  bidder: `0x${string}`,
): Promise<bigint> {
  const auction = getContract(client, { abi: auctionAbi, address });

  // What it would cost: run by the worker, kept by nobody.
  const { usedGas } = await auction.estimateGas.bid({ bidder, amount: 120n });

  // Arguments by name or in order. What comes back has a verified receipt.
  const { delta, signature } = await auction.write.bid({ bidder, amount: 120n }, { gasLimit: 2n * usedGas });
  console.assert(delta !== undefined && signature.length === 65);

  // Functions that only read give their value alone.
  return auction.read.bidOf([bidder]);
}

/** Closes, and tells who won at which price: a struct comes as an object, and goes in as one. */
export async function closeAndTell(
  client: EnigmaClient,
  address: string,
  seller: `0x${string}`,
): Promise<string> {
  const auction = getContract(client, { abi: auctionAbi, address });
  await auction.write.close({ seller });
  const { winner, price } = await auction.read.outcome();
  return `${winner} pays ${price}`;
}
// #endregion
