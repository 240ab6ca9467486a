import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createClient, type Transport } from '@enigma-worker/sdk';
import { expect, onTestFinished, test, vi } from 'vitest';

setFlagsFromString('--expose-gc');
/** For what must come. */
const SOON = { timeout: 20_000 };
const collectGarbage = runInNewContext('gc') as () => void;

test.each([{}, { privateKey: '11'.repeat(32) }])(
  'a client with %j keeps nothing of its tasks',
  async (key) => {
    const client = createClient({ transport: {} as Transport, ...key });
    const results: WeakRef<object>[] = [];
    const made = async (): Promise<object> => {
      await nextTurn();
      const result = { output: new Uint8Array(8) };
      results.push(new WeakRef(result));
      return result;
    };
    for (let i = 0; i < 3; i++) await client.inTurn(made);
    await expect
      .poll(async () => {
        // What a weak reference was made of or gave stays until the end of the turn.
        await nextTurn();
        collectGarbage();
        return results.filter((each) => each.deref() !== undefined).length;
      }, SOON)
      .toBe(0);
  },
);

test('a signal that outlives its tasks is left alone by them when they are done', async () => {
  const any = vi.spyOn(AbortSignal, 'any');
  onTestFinished(() => any.mockRestore());
  const { signal } = new AbortController();
  const client = createClient({ transport: {} as Transport, privateKey: '11'.repeat(32) });
  expect(await client.inTurn(() => Promise.resolve(5), { signal })).toBe(5);
  const failure = new Error('no');
  await expect(client.inTurn(() => Promise.reject(failure), { signal })).rejects.toBe(failure);
  const listened = [signal, ...any.mock.results.map(({ value }) => value as AbortSignal)];
  expect(listened.flatMap((each) => getEventListeners(each, 'abort'))).toEqual([]);
});
