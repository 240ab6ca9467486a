import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Client } from '@enigma-worker/client';
import { startWorker } from '@enigma-worker/core';
import { benchContract } from '../ipc/contract.js';
import { deployMany, sealed } from '../ipc/worker-user.js';
import { median, type Row } from '../row.js';

const ROUNDS = 7;
/** Turns of an empty loop: about a quarter of a second. */
const TURNS = new Uint8Array(BigInt64Array.of(250_000_000n).buffer);

/** Two contracts on two executor threads against one on one: tasks a second. */
export async function parallelContracts(): Promise<readonly Row[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'enigma-bench-'));
  const worker = await startWorker({ dataDir, port: 0, enclave: { threads: 2 } });
  const client = connect(worker.endpoint);
  try {
    const [one, two] = await deployMany(client, await benchContract(), 2);
    await rate(client, [one!, two!]);
    const rounds: { readonly alone: number; readonly together: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({ alone: await rate(client, [one!]), together: await rate(client, [one!, two!]) });
    }
    return [
      {
        name: 'two contracts on two threads / one on one',
        ours: median(rounds.map(({ together }) => together)),
        baseline: median(rounds.map(({ alone }) => alone)),
        ratio: median(rounds.map(({ alone, together }) => together / alone)),
        target: '> 1.7',
        unit: '1/s',
      },
    ];
  } finally {
    await client.close();
    await worker.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Tasks a second when each contract runs one after another, all contracts side by side. */
async function rate(client: Client, addresses: readonly Uint8Array[]): Promise<number> {
  const each = 5;
  const inputs = await Promise.all(
    addresses.map((address) =>
      Promise.all(Array.from({ length: each }, () => sealed(client, address, 'l()', TURNS))),
    ),
  );
  const start = performance.now();
  await Promise.all(
    inputs.map(async (tasks) => {
      for (const input of tasks) await client.computeTask({ input });
    }),
  );
  return (addresses.length * each * 1000) / (performance.now() - start);
}
