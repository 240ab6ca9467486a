import { toHex, utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compute } from './harness/user.js';
import { World } from './harness/world.js';

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

it.each(['before', 'after'] as const)(
  'an empty worker continues a contract from its deltas, with the key exchange %s them',
  async (when) => {
    const [first, second] = [await world.worker(), await world.worker()];
    const [source, target] = [world.client(first.endpoint), world.client(second.endpoint)];
    const address = await world.deployed(source);
    for (const value of ['1', '{"a":[1,2]}', '18446744073709551615']) {
      await compute(source, { address, fn: 'set(any)', args: utf8(value) });
    }

    if (when === 'before') await world.principal.provision(target, [address]);
    const { bytecode } = await source.getContract({ input: address });
    expect(await target.updateNewContract({ address, bytecode })).toMatchObject({ status: 0 });
    const { deltas } = await source.getDeltas({ input: [{ address, from: 0, to: 100 }] });
    expect(deltas).toHaveLength(4);
    const [zero, ...others] = deltas.toReversed();
    for (const delta of [zero, ...others]) {
      if (delta !== undefined)
        expect(await target.updateDeltas({ deltas: [delta] })).toMatchObject({ status: 0 });
    }
    if (when === 'after') expect(await world.principal.provision(target, [address])).toEqual([]);

    const got = await compute(target, { address, fn: 'get()' });
    expect(Buffer.from(got.output).toString()).toBe('18446744073709551615');
    const next = await compute(target, { address, fn: 'set(any)', args: utf8('"continued"') });
    if (next.outcome.kind !== 'result') throw new Error('the second worker fails');
    const { key, data = new Uint8Array() } = next.outcome.result.delta;
    expect(key).toBe(4);

    await source.updateDeltas({ deltas: [{ address, key, data }] });
    expect(Buffer.from((await compute(source, { address, fn: 'get()' })).output).toString()).toBe(
      '"continued"',
    );
  },
);

it('a delta that does not follow is reported by the exchange that brings its key', async () => {
  const [first, second] = [await world.worker(), await world.worker()];
  const [source, target] = [world.client(first.endpoint), world.client(second.endpoint)];
  const address = await world.deployed(source);
  await compute(source, { address, fn: 'set(any)', args: utf8('1') });
  await target.updateNewContract({ address, ...(await source.getContract({ input: address })) });
  const { deltas } = await source.getDeltas({ input: [{ address, from: 0, to: 2 }] });
  await target.updateDeltas({ deltas: deltas.map((delta, key) => ({ ...delta, key: 1 - key })) });
  expect(await world.principal.provision(target, [address])).toEqual([toHex(address)]);
  await expect(compute(target, { address, fn: 'get()' })).rejects.toMatchObject({ code: 'REFUSED' });
});
