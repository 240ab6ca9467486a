import { addressOf, generateKeyPair, sharedKey } from '@enigma-worker/crypto';
import { verifyTaskKey } from '@enigma-worker/protocol';
import { describe, expect, it } from 'vitest';
import { makeSpareKey, type SpareKey, TaskKeys, type TaskKeyOptions } from '#enclave/task-keys.js';

const worker = generateKeyPair();
const make = (): SpareKey => makeSpareKey(worker.privateKey);

function keys(options: Partial<TaskKeyOptions> = {}, now?: () => number): TaskKeys {
  const defaults = { maxTaskKeys: 100, taskKeyLifetimeMs: 1000, spareTaskKeys: 0 };
  return new TaskKeys({ ...defaults, ...options }, make, () => Promise.resolve([]), now);
}

const missing = { code: 'TASK_KEY_MISSING', message: 'Error inside the Enclave = (KeysError)' };

describe('task keys', () => {
  it('are signed by the worker, agree with the user, and serve once', () => {
    const held = keys();
    const user = generateKeyPair();
    const { workerEncryptionKey, workerSig } = held.offer(user.publicKey);
    expect(verifyTaskKey(workerEncryptionKey, workerSig, addressOf(worker.publicKey))).toBe(true);
    expect(held.take(user.publicKey)).toEqual(sharedKey(user.privateKey, workerEncryptionKey));
    expect(() => held.take(user.publicKey)).toThrow(expect.objectContaining(missing));
  });

  it('replace an earlier one of the same user', () => {
    const held = keys();
    const user = generateKeyPair();
    const first = held.offer(user.publicKey);
    const second = held.offer(user.publicKey);
    expect(second.workerEncryptionKey).not.toEqual(first.workerEncryptionKey);
    expect(held.size).toBe(1);
    expect(held.take(user.publicKey)).toEqual(sharedKey(user.privateKey, second.workerEncryptionKey));
  });

  it('expire', () => {
    let now = 5000;
    const held = keys({}, () => now);
    const [early, late] = [generateKeyPair(), generateKeyPair()];
    held.offer(early.publicKey);
    now += 999;
    held.offer(late.publicKey);
    now += 1;
    expect(() => held.take(early.publicKey)).toThrow(expect.objectContaining(missing));
    expect(held.take(late.publicKey)).toHaveLength(32);
    held.offer(early.publicKey);
    now += 1000;
    held.offer(late.publicKey);
    expect(held.size).toBe(1);
  });

  it('are bounded in number, the oldest goes first', () => {
    const held = keys({ maxTaskKeys: 3 });
    const users = Array.from({ length: 5 }, () => generateKeyPair().publicKey);
    for (const user of users) held.offer(user);
    expect(held.size).toBe(3);
    expect(() => held.take(users[1]!)).toThrow(expect.objectContaining(missing));
    expect(held.take(users[2]!)).toHaveLength(32);
  });

  it.each([
    ['no point of the curve', new Uint8Array(64).fill(1)],
    ['zeros', new Uint8Array(64)],
    ['too short', new Uint8Array(63)],
  ])('refuse a user key that is %s', (_, userPubKey) => {
    expect(() => keys().offer(userPubKey)).toThrow(expect.objectContaining({ code: 'INVALID_USER_KEY' }));
  });

  it('come from those made ahead as long as there are any', async () => {
    let asked = 0;
    let madeNow = 0;
    const held = new TaskKeys(
      { maxTaskKeys: 100, taskKeyLifetimeMs: 1000, spareTaskKeys: 20 },
      () => {
        madeNow++;
        return make();
      },
      (count) => {
        asked += count;
        if (asked > 40) return Promise.reject(new Error('busy'));
        return Promise.resolve(Array.from({ length: count }, make));
      },
    );
    const offer = (): unknown => held.offer(generateKeyPair().publicKey);
    offer();
    await new Promise(setImmediate);
    expect({ asked, madeNow }).toEqual({ asked: 20, madeNow: 1 });
    for (let i = 0; i < 10; i++) offer();
    await new Promise(setImmediate);
    expect({ asked, madeNow }).toEqual({ asked: 30, madeNow: 1 });
    for (let i = 0; i < 60; i++) {
      offer();
      await new Promise(setImmediate);
    }
    expect(asked).toBeGreaterThan(40);
    expect(madeNow).toBeGreaterThan(1);
  });
});
