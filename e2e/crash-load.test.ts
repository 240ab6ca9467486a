import type { Client } from '@enigma-worker/client';
import { openSealer, verifyWorker } from '@enigma-worker/core/tools';
import { toHex, utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CoreProcess } from './harness/core-process.js';
import { compute, newAddress } from './harness/user.js';
import { World } from './harness/world.js';

const SECONDS = process.env['ENIGMA_TEST_SECONDS'];
/** Kills of the long run, unless its time is over first. */
const KILLS = SECONDS === undefined ? 4 : Number(process.env['ENIGMA_TEST_KILLS'] ?? 200);
const CONTRACTS = SECONDS === undefined ? 12 : 50;
const LONGEST_LIFE_MS = 600;
/** Deltas of one UpdateDeltas. */
const BATCH = 20;
/** Kills between two lines of progress. */
const PROGRESS_INTERVAL = 10;

/** What is known of one contract from replies alone. */
interface Known {
  readonly address: Uint8Array;
  /** Index of the last acknowledged delta. */
  key: number;
  /** Its envelope. */
  delta: string;
  /** The value that the last acknowledged task kept. */
  value: number;
  /** Deltas acknowledged since the last kill, by index. */
  readonly unchecked: Map<number, string>;
}

/** A contract that this worker only stores: its deltas come from elsewhere. */
interface Fed {
  readonly address: Uint8Array;
  acknowledged: number;
  /** Up to where they were found after a kill. */
  checked: number;
}

/** Replies that were acknowledged and then found again after a kill. */
interface Found {
  tasks: number;
  deltas: number;
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
  const fed: Fed = { address: newAddress(), acknowledged: 0, checked: 0 };
  const found: Found = { tasks: 0, deltas: 0 };
  const began = performance.now();
  let kills = 0;

  for (; kills < KILLS && performance.now() < end; kills++) {
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
    for (const known of contracts) await check(client, known, found);
    await checkFed(client, fed, found);
    if (SECONDS !== undefined && (kills + 1) % PROGRESS_INTERVAL === 0)
      say(`crash test, so far: ${figures(kills + 1, found, began)}`);
  }
  if (SECONDS !== undefined) say(`crash test of ${CONTRACTS} contracts: ${figures(kills, found, began)}`);
  expect(found.tasks).toBeGreaterThan(0);
});

async function deployed(client: Client): Promise<Known> {
  const address = await world.deployed(client);
  const { key, data } = await client.getTip({ input: address });
  return { address, key, delta: toHex(data), value: 0, unchecked: new Map() };
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
    known.unchecked.set(known.key, known.delta);
  }
}

async function feedForever(client: Client, fed: Fed): Promise<never> {
  for (;;) {
    const deltas = Array.from({ length: BATCH }, (_, i) => ({
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

/** Every acknowledged delta is there; at most one more, whose reply the kill cut off; and the chain goes on. */
async function check(client: Client, known: Known, found: Found): Promise<void> {
  const { address, unchecked } = known;
  for (const [key, delta] of unchecked) {
    expect(toHex((await client.getDelta({ input: { address, key } })).delta)).toBe(delta);
    found.tasks++;
  }
  unchecked.clear();
  const tip = await client.getTip({ input: address });
  expect(tip.key - known.key).toBeOneOf([0, 1]);
  const kept = Number(Buffer.from((await compute(client, { address, fn: 'get()' })).output).toString());
  expect(kept).toBe(known.value + tip.key - known.key);
  Object.assign(known, { key: tip.key, delta: toHex(tip.data), value: kept });
}

/** Batches are atomic: the last one that the kill cut off is there as a whole or not at all. */
async function checkFed(client: Client, fed: Fed, found: Found): Promise<void> {
  if (fed.acknowledged === 0) return;
  const { address } = fed;
  const { key } = await client.getTip({ input: address });
  expect(key + 1 - fed.acknowledged).toBeOneOf([0, BATCH]);
  const { deltas } = await client.getDeltas({ input: [{ address, from: fed.checked, to: key + 1 }] });
  expect(deltas.map((delta) => delta.key)).toEqual(deltas.map((_, i) => fed.checked + i));
  for (const delta of deltas) expect(toHex(delta.data)).toBe(toHex(content(delta.key)));
  expect(deltas).toHaveLength(key + 1 - fed.checked);
  found.deltas += fed.acknowledged - fed.checked;
  fed.acknowledged = key + 1;
  fed.checked = key + 1;
}

/** Said at once, past the test runner, which would keep it to the end. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function figures(kills: number, { tasks, deltas }: Found, began: number): string {
  const seconds = Math.round((performance.now() - began) / 1000);
  return `${kills} kills in ${seconds} s: ${tasks} acknowledged tasks and ${deltas} acknowledged deltas found again, every verify clean`;
}
