import { generateKeyPair, isZero, keccak256, randomBytes, recoverAddress, utf8 } from '@enigma-worker/crypto';
import {
  computeFailureReceipt,
  computeReceipt,
  deltaHash,
  deployFailureReceipt,
  deployReceipt,
  openDelta,
  verifyReceipt,
  zeroHash,
} from '@enigma-worker/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeInputsHash, deployInputsHash, fixture, Lab, textOf } from './support/lab.js';

let lab: Lab;
let preCode: Uint8Array;

beforeAll(async () => {
  preCode = await fixture('notes');
  lab = await Lab.open();
});

afterAll(async () => {
  await lab.close();
});

describe('a deployment', () => {
  it('stores code, state and delta 0 under a receipt', async () => {
    const address = randomBytes(32);
    const key = randomBytes(32);
    await lab.provide({ address, key });
    const { input } = lab.send(address, 'construct()', '{"b":1,"a":[2]}');
    const outcome = await lab.enclave.deploy({ ...input, preCode });
    if (outcome.kind === 'failed') throw new Error('failed');
    const { output, preCodeHash, delta, usedGas, ethereumPayload, ethereumAddress, signature } =
      outcome.result;
    expect(preCodeHash).toEqual(keccak256(preCode));
    expect(delta.key).toBe(0);
    expect(usedGas).toBeGreaterThan(BigInt(output.length));
    expect(ethereumPayload).toHaveLength(0);
    expect(ethereumAddress).toEqual(new Uint8Array(20));
    const { ops, previousHash } = openDelta(key, delta.data!);
    expect(previousHash).toEqual(zeroHash());
    expect(ops).toEqual([
      {
        op: 'add',
        path: '/note',
        value: new Map<string, unknown>([
          ['a', [2n]],
          ['b', 1n],
        ]),
      },
    ]);
    const receipt = deployReceipt({
      inputsHash: deployInputsHash(input, preCode),
      codeHash: keccak256(output),
      deltaHash: deltaHash(delta.data!),
      gasLimit: input.gasLimit,
      usedGas,
      ethereumPayload,
      ethereumAddress,
    });
    expect(verifyReceipt(receipt, signature, lab.enclave.signingAddress)).toBe(true);
    expect(lab.store.getContract(address)).toEqual(output);
    expect(lab.store.delta(address, 0)).toEqual(delta.data);
    expect(await lab.run(address, 'read()')).toBe('{"a":[2],"b":1}');
  });

  it('makes delta 0 even when nothing was written', async () => {
    const address = await lab.deployed(preCode);
    expect(lab.store.getTip(address)).toMatchObject({ key: 0 });
    expect(await lab.run(address, 'read()')).toBe('null');
  });

  it('to an address that exists is refused before anything runs', async () => {
    const address = await lab.deployed(preCode, '1');
    const { input } = lab.send(address, 'construct()', '2');
    await expect(lab.enclave.deploy({ ...input, preCode })).rejects.toMatchObject({
      code: 'CONTRACT_EXISTS',
    });
    expect(await lab.run(address, 'read()')).toBe('1');
  });

  it('of two at once to one address succeeds once', async () => {
    const address = randomBytes(32);
    await lab.provide({ address, key: randomBytes(32) });
    const both = ['1', '2'].map((args) =>
      lab.enclave.deploy({ ...lab.send(address, 'construct()', args).input, preCode }),
    );
    const [first, second] = await Promise.allSettled(both);
    expect(first).toMatchObject({ status: 'fulfilled', value: { kind: 'done' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CONTRACT_EXISTS' } });
    expect(await lab.run(address, 'read()')).toBe('1');
  });

  it('that fails has a receipt and leaves nothing', async () => {
    const address = randomBytes(32);
    await lab.provide({ address, key: randomBytes(32) });
    const check = async (code: Uint8Array, gasLimit: bigint, text: string, gas?: bigint): Promise<void> => {
      const { input, ioKey } = lab.send(address, 'construct()', '1', gasLimit);
      const outcome = await lab.enclave.deploy({ ...input, preCode: code });
      expect(outcome.kind).toBe('failed');
      const { output, usedGas, signature } = outcome.result;
      expect(textOf(ioKey, output)).toContain(text);
      if (gas !== undefined) expect(usedGas).toBe(gas);
      const receipt = deployFailureReceipt({ inputsHash: deployInputsHash(input, code), gasLimit, usedGas });
      expect(verifyReceipt(receipt, signature, lab.enclave.signingAddress)).toBe(true);
    };
    await check(preCode, 100n, 'Invocation resulted in gas limit violated', 100n);
    await check(utf8('no module'), 100n, 'Error in execution of', 0n);
    expect(lab.store.contract(address)).toBeUndefined();
    expect(lab.store.getTip(address)).toBeUndefined();
  });

  it('opens the inputs before it misses the state key', async () => {
    const { input } = lab.send(randomBytes(32), 'construct()');
    await expect(lab.enclave.deploy({ ...input, preCode })).rejects.toMatchObject({
      code: 'STATE_KEY_MISSING',
    });
    const { input: other, ioKey } = lab.send(randomBytes(32), 'construct()');
    const outcome = await lab.enclave.deploy({ ...other, encryptedFn: randomBytes(40), preCode });
    expect(outcome).toMatchObject({ kind: 'failed', result: { usedGas: 0n } });
    expect(textOf(ioKey, outcome.result.output)).toBe('Input Error: Cryptography Error: DecryptionError');
  });

  it('can be tried without leaving anything', async () => {
    const address = randomBytes(32);
    await lab.provide({ address, key: randomBytes(32) });
    const tried = await lab.enclave.estimate({ ...lab.send(address, 'construct()', '1').input, preCode });
    expect(tried.ok).toBe(true);
    expect(lab.store.contract(address)).toBeUndefined();
    const outcome = await lab.enclave.deploy({ ...lab.send(address, 'construct()', '1').input, preCode });
    expect(outcome.result.usedGas).toBe(tried.usedGas);
  });
});

describe('a computation', () => {
  it('stores a delta that follows the one before it, under a receipt', async () => {
    const address = await lab.deployed(preCode, '"first"');
    const code = lab.store.getContract(address)!;
    const delta0 = lab.store.delta(address, 0)!;
    const { input, ioKey } = lab.send(address, 'write(string)', '18446744073709551615');
    const outcome = await lab.enclave.compute(input);
    if (outcome.kind === 'failed') throw new Error('failed');
    const { output, delta, usedGas, ethereumPayload, ethereumAddress, signature } = outcome.result;
    expect(textOf(ioKey, output)).toBe('"first"');
    expect(delta.key).toBe(1);
    const receipt = computeReceipt({
      codeHash: keccak256(code),
      inputsHash: computeInputsHash(input),
      previousDeltaHash: deltaHash(delta0),
      deltaHash: deltaHash(delta.data!),
      outputHash: keccak256(output),
      gasLimit: input.gasLimit,
      usedGas,
      ethereumPayload,
      ethereumAddress,
    });
    expect(verifyReceipt(receipt, signature, lab.enclave.signingAddress)).toBe(true);
    expect(lab.store.getTip(address)).toMatchObject({ key: 1, data: delta.data });
    expect(await lab.run(address, 'read()')).toBe('18446744073709551615');
  });

  it('that changes nothing makes no delta', async () => {
    const address = await lab.deployed(preCode, '[1, 2]');
    for (const [fn, args] of [
      ['read()', ''],
      ['write(x)', '[1,2]'],
      ['nothing()', ''],
    ] as const) {
      const { input } = lab.send(address, fn, args);
      const outcome = await lab.enclave.compute(input);
      if (outcome.kind === 'failed') throw new Error('failed');
      const { delta, output, usedGas, signature, ethereumPayload, ethereumAddress } = outcome.result;
      expect(delta).toEqual({ key: 0 });
      const receipt = computeReceipt({
        codeHash: keccak256(lab.store.getContract(address)!),
        inputsHash: computeInputsHash(input),
        previousDeltaHash: deltaHash(lab.store.delta(address, 0)!),
        deltaHash: zeroHash(),
        outputHash: keccak256(output),
        gasLimit: input.gasLimit,
        usedGas,
        ethereumPayload,
        ethereumAddress,
      });
      expect(verifyReceipt(receipt, signature, lab.enclave.signingAddress)).toBe(true);
    }
    expect(lab.store.getTip(address)).toMatchObject({ key: 0 });
  });

  it('hands a payload for Ethereum out', async () => {
    const address = await lab.deployed(preCode);
    const { input } = lab.send(address, 'pay()', 'call data');
    const outcome = await lab.enclave.compute(input);
    expect(outcome.result).toMatchObject({
      ethereumPayload: utf8('call data'),
      ethereumAddress: utf8('twenty bytes address'),
    });
  });

  it('takes no bytes as no arguments', async () => {
    const address = await lab.deployed(preCode, '1');
    const { input, ioKey } = lab.send(address, 'read()');
    const outcome = await lab.enclave.compute({ ...input, encryptedArgs: new Uint8Array(0) });
    expect(textOf(ioKey, outcome.result.output)).toBe('1');
  });

  it('that fails has a receipt and changes nothing', async () => {
    const address = await lab.deployed(preCode, '1');
    const codeHash = keccak256(lab.store.getContract(address)!);
    const fail = async (fn: string, args: string, gasLimit: bigint, text: string): Promise<bigint> => {
      const { input, ioKey } = lab.send(address, fn, args, gasLimit);
      const outcome = await lab.enclave.compute(input);
      expect(outcome.kind).toBe('failed');
      const { output, usedGas, signature } = outcome.result;
      expect(textOf(ioKey, output)).toEqual(text);
      const receipt = computeFailureReceipt({
        inputsHash: computeInputsHash(input),
        codeHash,
        gasLimit,
        usedGas,
      });
      expect(verifyReceipt(receipt, signature, lab.enclave.signingAddress)).toBe(true);
      return usedGas;
    };
    expect(
      await fail('trap()', '', 1_000_000n, 'Error in execution of WASM code: unreachable'),
    ).toBeGreaterThan(0n);
    expect(await fail('loop()', '', 123_456n, 'Invocation resulted in gas limit violated')).toBe(123_456n);
    expect(
      await fail('noparenthesis', '', 1000n, "Input Error: Input Error: 'callable' signature is illegal"),
    ).toBe(0n);
    await fail(
      'write(x)',
      '{"broken',
      1_000_000n,
      expect.stringContaining('Error in execution of WASM code') as string,
    );
    expect(await lab.run(address, 'read()')).toBe('1');
    expect(lab.store.getTip(address)).toMatchObject({ key: 0 });
  });

  it('fails when its delta is larger than any message, and is not refunded', async () => {
    // Each of the items gets an operation of its own, which names all that is above it.
    const note = (item: string, count: number): string =>
      `{"${'n'.repeat(300)}":[${Array.from({ length: count }, () => item).join()}]}`;
    const address = await lab.deployed(preCode, '1');
    await lab.run(address, 'write(x)', note('1', 60_000));
    const same = await lab.enclave.compute(lab.send(address, 'write(x)', note('1', 60_000)).input);
    const tried = lab.send(address, 'write(x)', note('2', 59_999));
    const { input, ioKey } = lab.send(address, 'write(x)', note('2', 59_999));
    const estimate = await lab.enclave.estimate(tried.input);
    const outcome = await lab.enclave.compute(input);
    const text = 'Error in execution of WASM code: the delta of a call has at most 16776192 bytes';
    expect(outcome.kind).toBe('failed');
    expect(textOf(ioKey, outcome.result.output)).toBe(text);
    expect(estimate).toMatchObject({ ok: false, usedGas: outcome.result.usedGas });
    expect(textOf(tried.ioKey, estimate.output)).toBe(text);
    // The call before this one paid for a text of the same length, which costs 10.
    expect(outcome.result.usedGas).toBe(same.result.usedGas - 10n);
    expect(lab.store.getTip(address)?.key).toBe(1);
    expect(await lab.run(address, 'read()')).toBe(note('1', 60_000));
  });

  it('takes its key out, whatever becomes of it', async () => {
    const address = await lab.deployed(preCode);
    const missing = { code: 'TASK_KEY_MISSING', message: 'Error inside the Enclave = (KeysError)' };
    for (const fn of ['read()', 'trap()', 'nonsense']) {
      const { input } = lab.send(address, fn);
      await lab.enclave.compute(input);
      await expect(lab.enclave.compute(input)).rejects.toMatchObject(missing);
    }
    const { input } = lab.send(address, 'read()');
    const stranger = { ...input, userDHKey: generateKeyPair().publicKey };
    await expect(lab.enclave.compute(stranger)).rejects.toMatchObject(missing);
  });

  it('looks the state up before it opens the inputs', async () => {
    const address = randomBytes(32);
    const garbage = { ...lab.send(address, 'read()').input, encryptedFn: randomBytes(40) };
    await expect(lab.enclave.compute(garbage)).rejects.toMatchObject({ code: 'UNKNOWN_CONTRACT' });
    await lab.store.updateContract(address, preCode);
    const more = { ...lab.send(address, 'read()').input, encryptedFn: randomBytes(40) };
    await expect(lab.enclave.compute(more)).rejects.toMatchObject({ code: 'STATE_KEY_MISSING' });
  });

  it('runs in order of arrival with others of its contract, whether or not they change it', async () => {
    const address = await lab.deployed(preCode, '-1');
    const values = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? undefined : String(i)));
    const outputs = await Promise.all(
      values.map((value) =>
        value === undefined ? lab.run(address, 'read()') : lab.run(address, 'write(x)', value),
      ),
    );
    let note = '-1';
    const expected = values.map((value) => {
      const before = note;
      note = value ?? note;
      return before;
    });
    expect(outputs).toEqual(expected);
    expect(await lab.run(address, 'read()')).toBe('59');
    expect(lab.store.getTip(address)?.key).toBe(40);
  });

  it('runs for many contracts at once', async () => {
    const addresses = await Promise.all(
      Array.from({ length: 12 }, (_, i) => lab.deployed(preCode, String(i))),
    );
    const rounds = Array.from({ length: 10 }, (_, round) => round);
    await Promise.all(
      rounds.flatMap((round) =>
        addresses.map((address, i) => lab.run(address, 'write(x)', `[${i},${round}]`)),
      ),
    );
    const notes = await Promise.all(addresses.map((address) => lab.run(address, 'read()')));
    expect(notes).toEqual(addresses.map((_, i) => `[${i},9]`));
    expect(addresses.map((address) => lab.store.getTip(address)?.key)).toEqual(addresses.map(() => 10));
  });

  it('carries inputs and outputs too large for shared memory', async () => {
    const address = await lab.deployed(preCode);
    const long = JSON.stringify('x'.repeat(60_000));
    expect(await lab.run(address, 'write(x)', long)).toBe('null');
    expect(await lab.run(address, 'read()')).toBe(long);
  });

  it('can be tried without changing anything', async () => {
    const address = await lab.deployed(preCode, '1');
    const { input, ioKey } = lab.send(address, 'write(x)', '2');
    const tried = await lab.enclave.estimate(input);
    expect(tried.ok).toBe(true);
    expect(textOf(ioKey, tried.output)).toBe('1');
    expect(await lab.run(address, 'read()')).toBe('1');
    const outcome = await lab.enclave.compute(lab.send(address, 'write(x)', '2').input);
    expect(outcome.result.usedGas).toBe(tried.usedGas);
    const bad = lab.send(address, 'trap()');
    const failed = await lab.enclave.estimate(bad.input);
    expect(failed.ok).toBe(false);
    expect(textOf(bad.ioKey, failed.output)).toContain('unreachable');
  });

  it('waits for work that holds the contract', async () => {
    const address = await lab.deployed(preCode, '1');
    let held = true;
    const other = lab.enclave.exclusive(address, async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      held = false;
    });
    expect(await lab.run(address, 'read()').then((text) => [text, held])).toEqual(['1', false]);
    await other;
  });
});

describe('the worker', () => {
  it('registers with its address and a signed report', async () => {
    const [first, second] = await Promise.all([lab.enclave.registration(), lab.enclave.registration()]);
    expect(first).toEqual(second);
    expect(first.signingKey).toEqual(lab.enclave.signingAddress);
    expect(recoverAddress(first.report, first.signature)).toEqual(first.signingKey);
    expect(isZero(first.signingKey)).toBe(false);
  });

  it('continues after a restart: same identity, keys, states and chain', async () => {
    const address = await lab.deployed(preCode, '1');
    expect(await lab.run(address, 'write(x)', '2')).toBe('1');
    const { signingAddress } = lab.enclave;
    await lab.stop();
    await lab.start();
    expect(lab.enclave.signingAddress).toEqual(signingAddress);
    expect(lab.enclave.stats()).toMatchObject({ executors: 2, taskKeys: 0, stateKeys: 0 });
    expect(await lab.run(address, 'write(x)', '3')).toBe('2');
    expect(lab.store.getTip(address)?.key).toBe(2);
  });
});
