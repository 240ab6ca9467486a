import { randomBytes } from '@enigma-worker/crypto';
import { DEFAULT_LIMITS, encodeRequest, parseReply } from '@enigma-worker/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { getDeltas } from '#handlers/get-deltas.js';
import { ListThreads } from '#lists/list-threads.js';
import { ReplyMemory } from '#lists/reply-memory.js';
import { writeList } from '#lists/write-list.js';
import { silentLogger } from '@enigma-worker/host';
import { openStore } from '#store/open.js';
import type { Store } from '#store/store.js';
import { storeErrorOf, temporaryFolder } from '../store/support.js';

const COUNT = 3000;

async function storeWithDeltas(): Promise<{ store: Store; address: Uint8Array; threads: ListThreads }> {
  const store = await openStore(await temporaryFolder());
  onTestFinished(() => store.close());
  const address = randomBytes(32);
  await store.updateDeltas(
    Array.from({ length: COUNT }, (_, key) => ({ address, key, data: randomBytes(1 + (key % 700)) })),
  );
  const setup = { folder: store.readerFolder, dialect: 'seed', limits: DEFAULT_LIMITS } as const;
  const threads = new ListThreads(setup, 2, silentLogger);
  onTestFinished(() => threads.close());
  return { store, address, threads };
}

function request(address: Uint8Array, from: number, to: number): Uint8Array {
  return encodeRequest('GetDeltas', 'list', { input: [{ address, from, to }] });
}

/** Asks until a thread is there that answers. */
async function asked(threads: ListThreads, frame: Uint8Array): Promise<Uint8Array> {
  for (;;) {
    const reply = threads.reply(frame);
    if (reply !== undefined) return reply;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

it('a thread answers with the very bytes that the main thread would send', async () => {
  const { store, address, threads } = await storeWithDeltas();
  const input = [{ address, from: 0, to: COUNT + 10 }];
  const expected = await writeList(
    { type: 'GetDeltas', id: 'list', input: { input } as never, handler: getDeltas(store) },
    'seed',
    new ReplyMemory(),
  );
  const frame = encodeRequest('GetDeltas', 'list', { input });
  // The first one starts a thread, and has to be answered without it.
  expect(threads.reply(frame)).toBeUndefined();
  expect(Buffer.from(await asked(threads, frame)).equals(expected)).toBe(true);
  // More of them at a time than threads; the memory of one is that of a later one.
  for (let round = 0; round < 4; round++) {
    const replies = await Promise.all(Array.from({ length: 6 }, () => asked(threads, frame)));
    for (const reply of replies) expect(Buffer.from(reply).equals(expected)).toBe(true);
    for (const reply of replies) threads.sent(reply);
  }
});

it('a thread sees whatever was acknowledged before it was asked', async () => {
  const { store, address, threads } = await storeWithDeltas();
  await asked(threads, request(address, 0, 10));
  for (let key = COUNT; key < COUNT + 50; key++) {
    const data = randomBytes(40);
    await store.updateDeltas([{ address, key, data }]);
    const reply = parseReply('GetDeltas', await asked(threads, request(address, key - 1, key + 1)));
    expect(reply).toMatchObject({ result: { deltas: [{ key: key - 1 }, { address, key, data }] } });
  }
});

it('what goes wrong in a thread has the code and the text that it has without', async () => {
  const { store, address, threads } = await storeWithDeltas();
  const frame = encodeRequest('GetDeltas', 'list', {
    input: [
      { address, from: 0, to: COUNT },
      { address: randomBytes(32), from: 0, to: 1 },
    ],
  });
  const error = await storeErrorOf(() => asked(threads, frame));
  expect(error.code).toBe('UNKNOWN_CONTRACT');
  expect(error.message).toMatch(
    /^Error while trying to get_deltas, Because: The following Key doesn't exist: [0-9a-f]{64}$/,
  );
  const large = Array.from({ length: 20 }, (_, i) => ({
    address,
    key: COUNT + i,
    data: randomBytes(1024 * 1024),
  }));
  await store.updateDeltas(large);
  const tooLarge = await storeErrorOf(() => asked(threads, request(address, 0, COUNT + 20)));
  expect(tooLarge.code).toBe('REPLY_TOO_LARGE');
  expect(tooLarge.message).toBe(
    await store.getDeltas([{ address, from: 0, to: COUNT + 20 }]).catch((each: Error) => each.message),
  );
  // It goes on after errors.
  expect((await asked(threads, request(address, 0, 5))).length).toBeGreaterThan(0);
});

it('closing answers what was asked before, and starts nothing more', async () => {
  const { address, threads } = await storeWithDeltas();
  const frame = request(address, 0, COUNT);
  await asked(threads, frame);
  const last = asked(threads, frame);
  await Promise.all([last, threads.close()]);
  expect((await last).length).toBeGreaterThan(COUNT);
  expect(threads.reply(frame)).toBeUndefined();
});
