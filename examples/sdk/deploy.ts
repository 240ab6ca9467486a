// #region deploy
import { readFile } from 'node:fs/promises';
import { deployContract, type EnigmaClient } from '@enigma-worker/sdk';
import { auctionAbi } from '../auction/build/auction.abi.js';

const module = new URL('../auction/build/auction.wasm', import.meta.url);

/** Deploys an auction that only `seller` can close; gives its address. */
export async function deployAuction(client: EnigmaClient, seller: `0x${string}`): Promise<string> {
  const { address } = await deployContract(client, {
    bytecode: new Uint8Array(await readFile(module)),
    abi: auctionAbi,
    args: { seller, reserve: 100n },
  });
  return address;
}
// #endregion
