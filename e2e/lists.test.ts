import { createHash } from 'node:crypto';
import { randomBytes, toHex, utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compute } from './harness/user.js';
import { World } from './harness/world.js';

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

/** Of all there is in a list: comparing thousands of objects takes longer than everything else here. */
function digest(
  deltas: readonly { readonly address: Uint8Array; readonly key: number; readonly data?: Uint8Array }[],
): string {
  const hash = createHash('sha256');
  for (const { address, key, data = new Uint8Array() } of deltas)
    hash.update(address).update(`${key}:${data.length}:`).update(data);
  return hash.digest('hex');
}

it('peers that sync get long lists side by side, all of them whole, while others compute', async () => {
  const worker = await world.worker();
  const client = world.client(worker.endpoint);
  const contract = await world.deployed(client);
  const address = randomBytes(32);
  const deltas = Array.from({ length: 4000 }, (_, key) => ({
    address,
    key,
    data: randomBytes(1 + (key % 500)),
  }));
  await client.updateDeltas({ deltas });

  const sync = async (): Promise<void> => {
    const peer = world.client(worker.endpoint);
    for (let round = 0; round < 4; round++) {
      const all = await peer.getDeltas({ input: [{ address, from: 0, to: 10_000 }] });
      expect(digest(all.deltas)).toBe(digest(deltas));
      const some = await peer.getDeltas({ input: [{ address, from: 100 * round, to: 100 * round + 700 }] });
      expect(digest(some.deltas)).toBe(digest(deltas.slice(100 * round, 100 * round + 700)));
    }
  };
  const work = async (): Promise<void> => {
    for (let value = 0; value < 20; value++)
      await compute(client, { address: contract, fn: 'set(any)', args: utf8(String(value)) });
  };
  await Promise.all([sync(), sync(), sync(), sync(), work()]);
  expect(Buffer.from((await compute(client, { address: contract, fn: 'get()' })).output).toString()).toBe(
    '19',
  );
  const unknown = { address: randomBytes(32), from: 0, to: 1 };
  await expect(client.getDeltas({ input: [{ address, from: 0, to: 4000 }, unknown] })).rejects.toThrow(
    `Error while trying to get_deltas, Because: The following Key doesn't exist: ${toHex(unknown.address)}`,
  );
});
