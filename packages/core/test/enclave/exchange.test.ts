import { readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPair, randomBytes, sign, toHex } from '@enigma-worker/crypto';
import { deltaHash, sealDelta } from '@enigma-worker/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveStateKeys, keyTag } from '#enclave/state/keys.js';
import { sealValue } from '#enclave/state/sealed-value.js';
import { fixture, Lab } from './support/lab.js';

let lab: Lab;
let second: Lab;
let preCode: Uint8Array;

beforeAll(async () => {
  preCode = await fixture('notes');
  [lab, second] = await Promise.all([Lab.open(), Lab.open()]);
});

afterAll(async () => {
  await Promise.all([lab.close(), second.close()]);
});

/** A contract with a history, its state key, and its deltas. */
async function history(
  length: number,
): Promise<{ address: Uint8Array; key: Uint8Array; deltas: Uint8Array[] }> {
  const address = randomBytes(32);
  const key = randomBytes(32);
  await lab.provide({ address, key });
  const { input } = lab.send(address, 'construct()', '0');
  await lab.enclave.deploy({ ...input, preCode });
  for (let i = 1; i < length; i++) await lab.run(address, 'write(x)', String(i));
  const deltas = Array.from({ length }, (_, index) => lab.store.delta(address, index)!);
  return { address, key, deltas };
}

/** Tells the second worker of a contract, as its peer would. */
async function tell(address: Uint8Array, deltas: readonly Uint8Array[], from = 0): Promise<void> {
  await second.store.updateContract(address, lab.store.getContract(address)!);
  await second.store.updateDeltas(deltas.map((data, i) => ({ address, key: from + i, data })));
}

describe('a worker that gets a contract from others', () => {
  it('builds its state when the key comes, and continues it', async () => {
    const { address, key, deltas } = await history(6);
    await tell(address, deltas);
    await expect(second.run(address, 'read()')).rejects.toMatchObject({ code: 'STATE_KEY_MISSING' });
    expect(await second.provide({ address, key })).toEqual([]);
    expect(second.store.contract(address)?.state?.index).toBe(5);
    expect(await second.run(address, 'write(x)', '"two"')).toBe('5');
    expect(second.store.getTip(address)?.key).toBe(6);
  });

  it('takes in deltas that come later before the next task', async () => {
    const { address, key, deltas } = await history(3);
    await tell(address, deltas);
    await second.provide({ address, key });
    await lab.run(address, 'write(x)', '"later"');
    await second.store.updateDeltas([{ address, key: 3, data: lab.store.delta(address, 3)! }]);
    const results = Promise.all([
      second.run(address, 'read()'),
      second.run(address, 'write(x)', '9'),
      second.run(address, 'read()'),
    ]);
    expect(await results).toEqual(['"later"', '"later"', '9']);
    expect(second.store.getTip(address)?.key).toBe(4);
  });

  it('names the contracts whose state cannot be built', async () => {
    const [good, foreign, gap] = await Promise.all([history(2), history(2), history(3)]);
    await tell(good.address, good.deltas);
    await tell(foreign.address, foreign.deltas);
    await tell(gap.address, gap.deltas.slice(0, 1));
    await tell(gap.address, gap.deltas.slice(2), 2);
    const unknown = { address: randomBytes(32), key: randomBytes(32) };
    const failures = await second.provide(good, { ...foreign, key: randomBytes(32) }, gap, unknown);
    expect(new Map(failures.map(({ address, status }) => [toHex(address), status]))).toEqual(
      new Map([foreign, gap].map(({ address }) => [toHex(address), -1])),
    );
    expect(await second.run(good.address, 'read()')).toBe('1');
    await expect(second.run(gap.address, 'read()')).rejects.toMatchObject({
      code: 'STATE',
      message: expect.stringMatching(
        /^Error inside the Enclave = \(StateError\): delta 1 of .* is missing$/,
      ) as string,
    });
    // The right key and the missing delta mend it.
    await second.store.updateDeltas([{ address: gap.address, key: 1, data: gap.deltas[1]! }]);
    expect(await second.run(gap.address, 'read()')).toBe('2');
    expect(await second.provide(foreign)).toEqual([]);
    expect(await second.run(foreign.address, 'read()')).toBe('1');
  });

  it('says what is wrong with a state that it cannot read, and goes on', async () => {
    const { address, key, deltas } = await history(2);
    await tell(address, deltas);
    await second.provide({ address, key });
    // Earlier versions built states that nest deeper than any text that is read.
    const base = second.store.contract(address)!.state!;
    const keys = deriveStateKeys(key);
    const tag = keyTag(keys, 'note');
    const text = '['.repeat(200) + ']'.repeat(200);
    const value = sealValue(keys, { address, stateId: base.id, tag }, { name: 'note', text, version: 2 });
    const delta = sealDelta(key, { ops: [], previousHash: base.hash });
    const head = { ...base, index: 2, hash: deltaHash(delta) };
    await second.store.commitTask({ address, delta, state: { base, head, writes: [{ tag, value }] } });
    await expect(second.run(address, 'write(x)', '1')).rejects.toMatchObject({
      code: 'STATE',
      message: expect.stringMatching(/^Error inside the Enclave = \(StateError\): .*too deep/) as string,
    });
    expect(second.enclave.stats().replaced).toBe(0);
  });

  it('keeps a key that its state was built with', async () => {
    const { address, key, deltas } = await history(2);
    await tell(address, deltas);
    await second.provide({ address, key });
    expect(await second.provide({ address, key: randomBytes(32) })).toEqual([{ address, status: -1 }]);
    expect(await second.run(address, 'read()')).toBe('1');
    expect(await second.provide({ address, key })).toEqual([]);
  });

  it('runs tasks under the key that holds when their turn comes, not under that of their arrival', async () => {
    const { address, key, deltas } = await history(2);
    await second.provide({ address, key: randomBytes(32) });
    await tell(address, deltas);
    const replaced = second.provide({ address, key });
    const results: Promise<string>[] = [];
    for (let turn = 0; turn < 50; turn++) {
      results.push(second.run(address, 'write(x)', '"mine"').catch((error: { code: string }) => error.code));
      await new Promise(setImmediate);
    }
    expect(await replaced).toEqual([]);
    // Those before the key came find that the deltas do not open; those after it find the state.
    const [first, ...others] = (await Promise.all(results)).filter((result) => result !== 'STATE');
    expect([first ?? '1', ...others.map(() => '"mine"')]).toEqual(['1', ...others]);
    const written = others.length + (first === undefined ? 0 : 1);
    expect(second.store.contract(address)?.state?.index ?? 1).toBe(1 + (written > 0 ? 1 : 0));
    expect(await second.run(address, 'read()')).toBe(written > 0 ? '"mine"' : '1');
  });

  it('takes an answer once, and one first key of a contract, also when they come side by side', async () => {
    const { address, key, deltas } = await history(2);
    await tell(address, deltas);
    const once = second.answer(second.enclave.createExchange(), [{ address, key }]);
    const other = second.answer(second.enclave.createExchange(), [{ address, key: randomBytes(32) }]);
    const outcomes = await Promise.all(
      [once, once, other, once].map(({ response, sig }) =>
        second.enclave.acceptExchange(response, sig).catch((error: { code: string }) => error.code),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'EXCHANGE_REPLAYED')).toHaveLength(2);
    expect(outcomes[0]).toEqual([]);
    expect(await second.run(address, 'read()')).toBe('1');
  });

  it('names a contract whose stored delta is damaged, and builds the others', async () => {
    const own = await Lab.open();
    const [damaged, sound] = await Promise.all([history(2), history(2)]);
    for (const { address, deltas } of [damaged, sound]) {
      await own.store.updateContract(address, lab.store.getContract(address)!);
      await own.store.updateDeltas(deltas.map((data, index) => ({ address, key: index, data })));
    }
    await own.stop();
    const file = readFileSync(own.file);
    // Old versions of a page may still be in the file.
    const delta = damaged.deltas[1]!;
    for (let at = file.indexOf(delta); at >= 0; at = file.indexOf(delta, at + 1)) file[at + 9]! ^= 4;
    writeFileSync(own.file, file);
    await own.start();
    expect(await own.provide(damaged, sound)).toEqual([{ address: damaged.address, status: -1 }]);
    expect(await own.run(sound.address, 'read()')).toBe('1');
    await expect(own.run(damaged.address, 'read()')).rejects.toMatchObject({
      code: 'STORE',
      message: expect.stringContaining(`the state of contract ${toHex(damaged.address)}`) as string,
    });
    await own.close();
  });

  it('takes keys though one that it holds is damaged, and that one anew once its state is gone', async () => {
    const own = await Lab.open();
    const contract = await history(2);
    const idle = { address: randomBytes(32), key: randomBytes(32) };
    const tellOwn = async (): Promise<void> => {
      await own.store.updateContract(contract.address, lab.store.getContract(contract.address)!);
      await own.store.updateDeltas(
        contract.deltas.map((data, key) => ({ address: contract.address, key, data })),
      );
    };
    await tellOwn();
    await own.provide(contract, idle);
    const sealed = [contract, idle].map(({ address }) => own.store.stateKey(address)!.slice());
    await own.stop();
    const file = readFileSync(own.file);
    for (const key of sealed)
      for (let at = file.indexOf(key); at >= 0; at = file.indexOf(key, at + 1)) file[at + 20]! ^= 4;
    writeFileSync(own.file, file);
    await own.start();
    const more = { address: randomBytes(32), key: randomBytes(32) };
    const refused = [{ address: contract.address, status: -1 }];
    expect(await own.provide(contract, idle, more)).toEqual(refused);
    expect(own.store.stateKey(more.address)).toBeDefined();
    expect(await own.provide(idle)).toEqual([]);
    await own.store.removeContract(contract.address);
    await tellOwn();
    expect(await own.provide(contract)).toEqual([]);
    expect(await own.run(contract.address, 'read()')).toBe('1');
    await own.close();
  });

  it('keeps its keys sealed, through a restart, and open in memory only as far as it is told', async () => {
    const own = await Lab.open({ stateKeysInMemory: 5 });
    const keys = Array.from({ length: 50 }, () => ({ address: randomBytes(32), key: randomBytes(32) }));
    await own.provide(...keys);
    expect(own.enclave.stats().stateKeys).toBe(5);
    for (const { address, key } of keys) {
      const sealed = own.store.stateKey(address)!;
      expect(toHex(sealed)).not.toContain(toHex(key));
    }
    await own.stop();
    await own.start();
    const { address } = keys[3]!;
    const { input } = own.send(address, 'construct()', '1');
    expect(await own.enclave.deploy({ ...input, preCode })).toMatchObject({ kind: 'done' });
    await own.close();
  });
});

describe('a relay in the middle', () => {
  it('can neither substitute, replay nor forge an answer', async () => {
    const { address, key } = await history(1);
    const offer = second.enclave.createExchange();
    const { response, sig } = second.answer(offer, [{ address, key }]);
    const relay = generateKeyPair();
    const own = second.answer(offer, [{ address, key: randomBytes(32) }]);
    const refused = (message: Uint8Array, signature?: Uint8Array): Promise<string> =>
      second.enclave.acceptExchange(message, signature).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
    expect(await refused(response)).toBe('EXCHANGE_UNSIGNED');
    expect(await refused(own.response, sign(own.response, relay.privateKey))).toBe('EXCHANGE_FOREIGN');
    expect(await refused(own.response, sig)).toBe('EXCHANGE_FOREIGN');
    const tampered = response.slice();
    tampered[tampered.length >> 1]! ^= 1;
    expect(await refused(tampered, sig)).toBe('EXCHANGE_FOREIGN');
    const { response: forLab, sig: sigForLab } = lab.answer(lab.enclave.createExchange(), [{ address, key }]);
    expect(await refused(forLab, sigForLab)).toBe('EXCHANGE_FOREIGN');
    expect(second.store.stateKey(address)).toBeUndefined();
    expect(await refused(response, sig)).toBe('accepted');
    expect(await refused(response, sig)).toBe('EXCHANGE_REPLAYED');
  });

  it('learns no key from any error', async () => {
    const { address, key } = await history(1);
    const offer = second.enclave.createExchange([address]);
    const { response } = second.answer(offer, [{ address, key }]);
    const messages: string[] = [];
    for (let at = 0; at < response.length; at += 7) {
      const bent = response.slice();
      bent[at]! ^= 0x55;
      const signature = sign(bent, second.principal.privateKey);
      await second.enclave
        .acceptExchange(bent, signature)
        .catch((error: Error) => messages.push(error.message));
    }
    expect(messages.length).toBeGreaterThan(10);
    for (const message of messages) expect(message).not.toContain(toHex(key).slice(0, 8));
  });
});
