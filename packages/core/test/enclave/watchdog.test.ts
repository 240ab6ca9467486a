import { keccak256, randomBytes } from '@enigma-worker/crypto';
import { computeFailureReceipt, deployFailureReceipt, verifyReceipt } from '@enigma-worker/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assemble, computeInputsHash, deployInputsHash, fixture, Lab, textOf } from './support/lab.js';

const FOR_EVER = 2n ** 63n;
let lab: Lab;
let preCode: Uint8Array;

beforeAll(async () => {
  preCode = await fixture('notes');
  lab = await Lab.open({ jobTimeoutMs: 2_000 });
});

afterAll(async () => {
  await lab.close();
});

describe('the watchdog', () => {
  it('fails a task that runs too long, with a receipt; the contract and others go on', async () => {
    const [address, other] = await Promise.all([lab.deployed(preCode, '1'), lab.deployed(preCode, '2')]);
    const { input, ioKey } = lab.send(address, 'loop()', '', FOR_EVER);
    const endless = lab.enclave.compute(input);
    const after = lab.run(address, 'write(x)', '3');
    expect(await lab.run(other, 'read()')).toBe('2');
    const outcome = await endless;
    expect(outcome.kind).toBe('failed');
    const { output, usedGas, signature } = outcome.result;
    expect(textOf(ioKey, output)).toBe('Error in execution of WASM code: the time limit of 2 s is exceeded');
    expect(usedGas).toBe(FOR_EVER);
    const codeHash = keccak256(lab.store.getContract(address)!);
    const receipt = computeFailureReceipt({
      inputsHash: computeInputsHash(input),
      codeHash,
      gasLimit: FOR_EVER,
      usedGas,
    });
    expect(verifyReceipt(receipt, signature, lab.enclave.signingAddress)).toBe(true);
    expect(await after).toBe('1');
    expect(await lab.run(address, 'read()')).toBe('3');
    expect(lab.enclave.stats()).toMatchObject({ executors: 2, replaced: 1, timedOut: 1 });
  });

  it('fails a constructor that runs too long, and leaves its address free', async () => {
    const endless = assemble(`(module
      (memory (export "memory") 1)
      (func (export "deploy") (loop $forever (i32.store (i32.const 0) (i32.const 1)) (br $forever)))
      (func (export "call")))`);
    const address = randomBytes(32);
    await lab.provide({ address, key: randomBytes(32) });
    const { input, ioKey } = lab.send(address, 'construct()', '', FOR_EVER);
    const outcome = await lab.enclave.deploy({ ...input, preCode: endless });
    expect(outcome.kind).toBe('failed');
    const { output, usedGas, signature } = outcome.result;
    expect(textOf(ioKey, output)).toContain('the time limit of 2 s is exceeded');
    const receipt = deployFailureReceipt({
      inputsHash: deployInputsHash(input, endless),
      gasLimit: FOR_EVER,
      usedGas,
    });
    expect(verifyReceipt(receipt, signature, lab.enclave.signingAddress)).toBe(true);
    const again = lab.send(address, 'construct()', '1');
    expect(await lab.enclave.deploy({ ...again.input, preCode })).toMatchObject({ kind: 'done' });
  });

  it('ends a thread that is in and out of the database all the time', async () => {
    const address = await lab.deployed(preCode, '"a note"');
    for (let round = 0; round < 4; round++) {
      expect(await lab.run(address, 'hammer()', '', FOR_EVER)).toContain('time limit');
    }
    expect(await lab.run(address, 'read()')).toBe('"a note"');
  });

  it('holds out when every thread is held', async () => {
    const addresses = await Promise.all(Array.from({ length: 4 }, () => lab.deployed(preCode, '1')));
    const endless = addresses.map((address) => lab.run(address, 'loop()', '', FOR_EVER));
    const after = addresses.map((address) => lab.run(address, 'read()'));
    for (const text of await Promise.all(endless)) expect(text).toContain('time limit');
    expect(await Promise.all(after)).toEqual(['1', '1', '1', '1']);
  });
});

describe('many tasks at once, some of which never end', () => {
  it('are all answered, in order, and leave every contract with the notes that were written', async () => {
    const own = await Lab.open({ jobTimeoutMs: 4_000 });
    const addresses = await Promise.all(Array.from({ length: 6 }, () => own.deployed(preCode, '-1')));
    const kinds = ['read()', 'write(x)', 'write(x)', 'trap()', 'read()', 'nothing()', 'write(x)'];
    const endless = ['hammer()', 'loop()'];
    const plan = Array.from({ length: 240 }, (_, i) => ({
      address: addresses[i % 6]!,
      fn: i % 40 === 17 ? endless[(i / 40) & 1]! : kinds[i % kinds.length]!,
      value: String(i),
    }));
    const texts = await Promise.all(
      plan.map(({ address, fn, value }) => own.run(address, fn, value, FOR_EVER)),
    );
    for (const address of addresses) {
      let note = '-1';
      let writes = 0;
      plan.forEach((task, i) => {
        if (task.address !== address) return;
        if (endless.includes(task.fn)) expect(texts[i]).toContain('time limit');
        else if (task.fn === 'trap()') expect(texts[i]).toContain('unreachable');
        else expect(texts[i]).toBe(task.fn === 'nothing()' ? '' : note);
        if (task.fn !== 'write(x)') return;
        note = task.value;
        writes++;
      });
      expect(await own.run(address, 'read()')).toBe(note);
      expect(own.store.getTip(address)?.key).toBe(writes);
    }
    await own.close();
  });
});

describe('closing', () => {
  it('is done in bounded time, while a task runs on; what waited is told', async () => {
    const own = await Lab.open({ threads: 1, closeGraceMs: 100 });
    const address = await own.deployed(preCode, '1');
    const tasks = [own.run(address, 'loop()', '', FOR_EVER), own.run(address, 'read()')];
    const codes = Promise.all(tasks.map((task) => task.catch((error: { code: string }) => error.code)));
    const began = performance.now();
    await own.close();
    expect(performance.now() - began).toBeLessThan(25_000);
    expect(await codes).toEqual(['CLOSED', 'CLOSED']);
  });

  it('waits for running tasks, and refuses new ones', async () => {
    const own = await Lab.open({ threads: 1 });
    const address = await own.deployed(preCode, '1');
    const tasks = [own.run(address, 'slow()', '', FOR_EVER), own.run(address, 'write(x)', '2')];
    const closing = own.enclave.close();
    await expect(own.run(address, 'read()')).rejects.toMatchObject({ code: 'CLOSED' });
    await closing;
    expect(await Promise.all(tasks)).toEqual(['', '1']);
    expect(own.store.getTip(address)?.key).toBe(1);
    await own.close();
  });

  it('finds that too much waits', async () => {
    const own = await Lab.open({ threads: 1, maxQueued: 10 });
    const address = await own.deployed(preCode, '1');
    const slow = own.run(address, 'slow()', '', FOR_EVER);
    const waiting = Array.from({ length: 30 }, () =>
      own.run(address, 'read()').catch((error: { code: string }) => error.code),
    );
    const results = await Promise.all(waiting);
    expect(new Set(results)).toEqual(new Set(['1', 'BUSY']));
    await slow;
    await own.close();
  });
});
