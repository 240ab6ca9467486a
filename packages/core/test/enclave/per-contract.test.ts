import { randomBytes } from '@enigma-worker/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeDeltas } from '#handlers/remove-deltas.js';
import { updateDeltas } from '#handlers/update-deltas.js';
import { fixture, Lab } from './support/lab.js';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open({ jobTimeoutMs: 2_000 });
});

afterAll(async () => {
  await lab.close();
});

describe('writes that name several contracts', () => {
  it.each(['UpdateDeltas', 'RemoveDeltas'] as const)('%s holds up no task of another', async (type) => {
    const preCode = await fixture('notes');
    const [busy, idle] = [await lab.deployed(preCode, '1'), await lab.deployed(preCode, '1')];
    let isBusy = true;
    const loop = lab.run(busy, 'loop()', '', 2n ** 62n).finally(() => (isBusy = false));
    await lab.run(idle, 'read()');
    const both = [busy, idle].map((address) => ({ address, key: 0, data: lab.store.delta(address, 0)! }));
    const ranges = [busy, idle].map((address) => ({ address, from: 5, to: 6 }));
    const written =
      type === 'UpdateDeltas'
        ? updateDeltas(lab.enclave, lab.store).answer({ deltas: both })
        : removeDeltas(lab.enclave, lab.store).answer({ input: ranges });
    await lab.run(idle, 'read()');
    expect(isBusy).toBe(true);
    expect((await written).status).toBe(0);
    await loop;
  });

  it('have their statuses in the order of the request', async () => {
    const [a, b] = [randomBytes(32), randomBytes(32)];
    const delta = (address: Uint8Array, key: number) => ({ address, key, data: randomBytes(40) });
    const first = [delta(a, 0), delta(b, 0)];
    const mixed = [delta(b, 1), delta(a, 0), first[1]!, delta(a, 1), delta(b, 0)];
    const handler = updateDeltas(lab.enclave, lab.store);
    expect((await handler.answer({ deltas: first })).status).toBe(0);
    const { status, errors } = await handler.answer({ deltas: mixed });
    expect(status).toBe(-1);
    expect(errors).toEqual(
      mixed.map(({ address, key }, at) => ({ address, key, status: [0, -1, 0, 0, -1][at] })),
    );
  });
});
