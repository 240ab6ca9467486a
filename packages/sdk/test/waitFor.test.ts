import {
  createClient,
  decryptFailure,
  SdkError,
  waitFor,
  type TaskStatus,
  type Transport,
} from '@enigma-worker/sdk';
import { expect, test } from 'vitest';

const address = 'ab'.repeat(32);
const unknown = new SdkError('WORKER_ERROR', 'no such contract');

/** A client whose worker answers questions for a tip, or a task's state, with these answers in turn; the last one stays. */
function answering(...answers: readonly (number | Error)[]) {
  let asked = 0;
  const getTip = (): Promise<{ key: number; data: Uint8Array }> => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    return typeof answer === 'number'
      ? Promise.resolve({ key: answer, data: new Uint8Array(0) })
      : Promise.reject(answer);
  };
  const client = createClient({ transport: { getTip } as unknown as Transport });
  return { client, questions: () => asked };
}

test('a contract is waited for until the worker knows it', async () => {
  const { client, questions } = answering(unknown, unknown, 0);
  expect(await waitFor(client, { contract: address, interval: 1 })).toBe(0);
  expect(questions()).toBe(3);
});

test('a delta is waited for, and a later one will do', async () => {
  const { client } = answering(0, 1, 5);
  expect(await waitFor(client, { contract: address, delta: 3, interval: 1 })).toBe(5);
});

test('the wait ends with its time, and tells why', async () => {
  const { client } = answering(unknown);
  const wait = waitFor(client, { contract: address, interval: 1, timeout: 30 });
  await expect(wait).rejects.toMatchObject({ code: 'WAIT_TIMEOUT', cause: unknown });
});

test('the wait ends with its signal', async () => {
  const { client } = answering(0);
  const stop = new AbortController();
  const wait = waitFor(client, { contract: address, delta: 1, interval: 60_000, signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(wait).rejects.toThrow('enough');
});

test('what is no refusal is not waited out', async () => {
  const { client, questions } = answering(new SdkError('TRANSPORT_FAILED', 'no gateway there'), 0);
  const wait = waitFor(client, { contract: address, interval: 1 });
  await expect(wait).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' });
  expect(questions()).toBe(1);
});

test('a task is waited for where tasks are known', async () => {
  const states: TaskStatus[] = ['UNVERIFIED', 'INPROGRESS', 'FAILED'];
  const transport = { getTaskStatus: () => Promise.resolve(states.shift()!) } as unknown as Transport;
  expect(await waitFor(createClient({ transport }), { task: address, interval: 1 })).toBe('FAILED');
  const none = createClient({ transport: {} as Transport });
  await expect(waitFor(none, { task: address })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
});

test('a failure is opened with the key of its task', () => {
  const task = {
    encryptedFn: new Uint8Array(0),
    encryptedArgs: new Uint8Array(0),
    userDHKey: new Uint8Array(64),
    openOutput: (envelope: Uint8Array) => envelope,
    openFailure: (envelope: Uint8Array) => `opened ${envelope.length} bytes`,
  };
  const failed = { output: new Uint8Array(3), usedGas: 1n, signature: new Uint8Array(65) };
  expect(decryptFailure(task, failed)).toBe('opened 3 bytes');
});
