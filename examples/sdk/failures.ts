// #region failures
import { getContract, SdkError, TaskFailedError, type EnigmaClient } from '@enigma-worker/sdk';
import { auctionAbi } from '../auction/build/auction.abi.js';

/** Bids, and says in words what came of it. */
export async function tryToBid(
  client: EnigmaClient,
  address: string,
  bidder: `0x${string}`,
  amount: bigint,
): Promise<string> {
  const auction = getContract(client, { abi: auctionAbi, address });
  try {
    await auction.write.bid({ bidder, amount });
    return 'done';
  } catch (error) {
    // The contract refused. The worker signed for it, and the reason is for us alone.
    if (error instanceof TaskFailedError) return `refused after ${error.usedGas} gas: ${error.reason}`;
    // Something else was to be expected: `code` says what.
    if (error instanceof SdkError) return `failed: ${error.code}`;
    throw error;
  }
}
// #endregion
