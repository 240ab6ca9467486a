import type { Client } from '@enigma-worker/client';
import { toHex } from '@enigma-worker/crypto';

/** Everything that peers can see of what is stored, as one text. */
export async function snapshot(client: Client): Promise<string> {
  const { addresses } = await client.getAllAddrs({});
  const contracts = await Promise.all(
    addresses.map(async (address) => {
      const [{ bytecode }, { deltas }] = await Promise.all([
        client.getContract({ input: address }),
        client.getDeltas({ input: [{ address, from: 0, to: 2 ** 32 - 1 }] }),
      ]);
      return [
        toHex(address),
        toHex(bytecode),
        ...deltas.map(({ key, data }) => `${key}:${toHex(data)}`),
      ].join(' ');
    }),
  );
  return contracts.sort().join('\n');
}
