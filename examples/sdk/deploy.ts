// #region deploy
import { readFile } from 'node:fs/promises';
import { deployContract, type EnigmaClient } from '@enigma-worker/sdk';

const module = new URL('../auction/build/auction.wasm', import.meta.url);

/** Deploys an auction that only `seller` can close; gives its address. */
export async function deployAuction(client: EnigmaClient, seller: `0x${string}`): Promise<string> {
  const { address } = await deployContract(client, {
    bytecode: new Uint8Array(await readFile(module)),
    construct: 'construct(bytes32,uint256)',
    args: [seller, 100n],
  });
  return address;
}
// #endregion
