import type { Client } from '@enigma-worker/client';
import { openSealer, verifyWorker } from '@enigma-worker/core/tools';
import { toHex, utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CoreProcess } from './harness/core-process.js';
import { compute, newAddress } from './harness/user.js';
import { World } from './harness/world.js';

const SECONDS = process.env['ENIGMA_TEST_SECONDS'];
/** Kills of the long run, unless its time is over first. */
const KILLS = SECONDS === undefined ? 4 : 200;
const CONTRACTS = SECONDS === undefined ? 12 : 50;
const LONGEST_LIFE_MS = 600;

/** What is known of one contract from replies alone. */
interface Known {
  readonly address: Uint8Array;
  /** Index of the last acknowledged delta. */
  key: number;
  /** Its envelope. */
  delta: string;
  /** The value that the last acknowledged task kept. */
  value: number;
}

/** A contract that this worker only stores: its deltas come from elsewhere. */
interface Fed {
  readonly address: Uint8Array;
  acknowledged: number;
}

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

it('whatever is killed when, what was acknowledged is there and nothing half-done is', async () => {
  const dataDir = world.folder();
  const end = performance.now() + Number(SECONDS ?? 60) * 1000;
  let core = await CoreProcess.start(dataDir);
  world.onClose(() => core.end());
  let client = world.client(core.endpoint);
  const contracts = await Promise.all(Array.from({ length: CONTRACTS }, () => deployed(client)));
  const fed: Fed = { address: newAddress(), acknowledged: 0 };

  for (let kill = 0; kill < KILLS && performance.now() < end; kill++) {
    const load = Promise.allSettled([
      ...contracts.map((known) => useForever(client, known)),
      feedForever(client, fed),
    ]);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE_MS));
    await core.end();
    await client.close();
    await load;

    const report = await verifyWorker(dataDir, { sealer: await openSealer({ kind: 'simulation', dataDir }) });
    expect(report.problems).toEqual([]);
    core = await CoreProcess.start(dataDir);
    client = world.client(core.endpoint);
    for (const known of contracts) await check(client, known);
    await checkFed(client, fed);
  }
});

async function deployed(client: Client): Promise<Known> {
  const address = await world.deployed(client);
  const { key, data } = await client.getTip({ input: address });
  return { address, key, delta: toHex(data), value: 0 };
}

async function useForever(client: Client, known: Known): Promise<never> {
  for (;;) {
    const value = known.value + 1;
    const { outcome } = await compute(client, {
      address: known.address,
      fn: 'set(any)',
      args: utf8(String(value)),
    });
    if (outcome.kind !== 'result' || outcome.result.delta.data === undefined)
      throw new Error('the task changed nothing');
    known.key = outcome.result.delta.key;
    known.delta = toHex(outcome.result.delta.data);
    known.value = value;
  }
}

async function feedForever(client: Client, fed: Fed): Promise<never> {
  for (;;) {
    const deltas = Array.from({ length: 20 }, (_, i) => ({
      address: fed.address,
      key: fed.acknowledged + i,
      data: content(fed.acknowledged + i),
    }));
    const { status } = await client.updateDeltas({ deltas });
    expect(status).toBe(0);
    fed.acknowledged += deltas.length;
  }
}

function content(key: number): Uint8Array {
  return utf8(`delta ${key} `.repeat(20));
}

/** The last acknowledged delta is there; at most one more, whose reply the kill cut off; and the chain goes on. */
async function check(client: Client, known: Known): Promise<void> {
  const { address } = known;
  expect(toHex((await client.getDelta({ input: { address, key: known.key } })).delta)).toBe(known.delta);
  const tip = await client.getTip({ input: address });
  expect(tip.key - known.key).toBeOneOf([0, 1]);
  const kept = Number(Buffer.from((await compute(client, { address, fn: 'get()' })).output).toString());
  expect(kept).toBe(known.value + tip.key - known.key);
  Object.assign(known, { key: tip.key, delta: toHex(tip.data), value: kept });
}

/** Batches are atomic: the last one that the kill cut off is there as a whole or not at all. */
async function checkFed(client: Client, fed: Fed): Promise<void> {
  if (fed.acknowledged === 0) return;
  const { key } = await client.getTip({ input: fed.address });
  expect(key + 1 - fed.acknowledged).toBeOneOf([0, 20]);
  const { delta } = await client.getDelta({ input: { address: fed.address, key } });
  expect(toHex(delta)).toBe(toHex(content(key)));
  fed.acknowledged = key + 1;
}
