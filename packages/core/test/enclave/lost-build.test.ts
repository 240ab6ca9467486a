import { randomBytes } from '@enigma-worker/crypto';
import { expect, it } from 'vitest';
import { Tasks, type TaskModules } from '#enclave/tasks.js';
import type { LossReason } from '#executors/pool.js';

/** Tasks of a contract whose state is to be built by threads that end at it. */
function tasks(reason: LossReason): Tasks {
  const record = { chain: randomBytes(8), codeHash: undefined, tip: 0, deltaCount: 1, state: undefined };
  const lanes = {
    exclusive: (_: string, work: () => Promise<unknown>) => work(),
    runLoose: () => Promise.resolve({ kind: 'lost', reason }),
  };
  const modules = { lanes, store: { contract: () => record }, stateKeys: { get: () => randomBytes(32) } };
  return new Tasks(modules as unknown as TaskModules);
}

it.each([
  ['timeout', /building the state took too long/],
  ['crash', /the executor ended unexpectedly while it built the state/],
] as const)('says why a state could not be built when its thread is gone: %s', async (reason, message) => {
  const building = tasks(reason).build(randomBytes(32));
  await expect(building).rejects.toMatchObject({ code: 'STATE', message: expect.stringMatching(message) });
});
