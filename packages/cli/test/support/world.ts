import { randomBytes, toHex } from '@enigma-worker/crypto';
import { startLocalNetwork, type LocalNetwork } from '@enigma-worker/local';
import { callContract, createClient, deployContract } from '@enigma-worker/sdk';
import { readFileSync } from 'node:fs';
import { MILLIONAIRES } from './enigma.js';

/** A principal and a core on free ports in this process, on a folder that stays. */
export function startNetwork(dataDir: string): Promise<LocalNetwork> {
  return startLocalNetwork({ dataDir, corePort: 0, principalPort: 0, executors: 1 });
}

/** Deploys the millionaires' problem and calls it; gives its address. */
export async function deployMillionaires(network: LocalNetwork, calls: number): Promise<string> {
  const address = toHex(randomBytes(32));
  await network.provision(address);
  const client = createClient({ transport: await network.transport() });
  try {
    await deployContract(client, { bytecode: new Uint8Array(readFileSync(MILLIONAIRES)), address });
    for (let i = 0; i < calls; i++) await addMillionaire(client, address, i);
  } finally {
    await client.close();
  }
  return address;
}

async function addMillionaire(
  client: Parameters<typeof callContract>[0],
  address: string,
  i: number,
): Promise<void> {
  const name = `0x${i.toString(16).padStart(64, '0')}`;
  await callContract(client, {
    address,
    function: 'addMillionaire(bytes32,uint256)',
    args: [name, BigInt(i)],
  });
}
