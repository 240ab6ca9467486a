import { open, randomBytes, toHex, utf8 } from '@enigma-worker/crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compute, computeSigner, deploy, deploySigner, newAddress, prepare } from './harness/user.js';
import { World } from './harness/world.js';

let world: World;
beforeEach(() => void (world = new World()));
afterEach(() => world[Symbol.asyncDispose]());

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const i64 = (value: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(value).buffer);

async function start() {
  const worker = await world.worker();
  return { client: world.client(worker.endpoint), worker: toHex(worker.signingAddress) };
}

describe('tasks', () => {
  it.each(['ownMemory', 'importedMemory'] as const)('run on a contract with its %s', async (kind) => {
    const { client, worker } = await start();
    const preCode = (await world.contracts())[kind];
    const address = newAddress();
    await world.principal.provision(client, [address]);
    const { task, result } = await deploy(client, address, preCode);
    expect(deploySigner(task, preCode, { kind: 'result', result })).toBe(worker);

    const set = await compute(client, { address, fn: 'set(uint256)', args: utf8('"a value"') });
    expect(set.outcome).toMatchObject({ kind: 'result', result: { delta: { key: 1 } } });
    const first = result.delta.data ?? new Uint8Array();
    expect(computeSigner(set.task, set.outcome, result.output, first)).toBe(worker);
    const get = await compute(client, { address, fn: 'get()' });
    expect(text(get.output)).toBe('"a value"');
    const second = set.outcome.kind === 'result' ? set.outcome.result.delta.data : undefined;
    expect(computeSigner(get.task, get.outcome, result.output, second ?? new Uint8Array())).toBe(worker);
  });

  it('send what a contract asks for to Ethereum, signed', async () => {
    const { client, worker } = await start();
    const { ownMemory } = await world.contracts();
    const address = newAddress();
    await world.principal.provision(client, [address]);
    const { result } = await deploy(client, address, ownMemory);
    const bridge = await compute(client, { address, fn: 'bridge(bytes)', args: utf8('payload') });
    if (bridge.outcome.kind !== 'result') throw new Error('the bridge fails');
    expect(text(bridge.outcome.result.ethereumPayload)).toBe('payload');
    expect(text(bridge.outcome.result.ethereumAddress).slice(0, 2)).toBe('v0');
    expect(
      computeSigner(bridge.task, bridge.outcome, result.output, result.delta.data ?? new Uint8Array()),
    ).toBe(worker);
  });

  it('of one contract are in the order in which a peer sent them', async () => {
    const { client } = await start();
    const address = await world.deployed(client);
    const tasks = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        prepare(client, { address, fn: 'set(uint256)', args: utf8(String(i + 1)) }),
      ),
    );
    const outcomes = await Promise.all(tasks.map(({ input }) => client.computeTask({ input })));
    expect(outcomes.map(({ result }) => ('delta' in result ? result.delta.key : -1))).toEqual(
      tasks.map((_, i) => i + 1),
    );
    expect(text((await compute(client, { address, fn: 'get()' })).output)).toBe('20');
  });
});

describe('failed tasks', () => {
  it.each([
    [
      'out of gas',
      'loop(uint256)',
      i64(1n << 40n),
      100_000n,
      'Invocation resulted in gas limit violated',
      100_000n,
    ],
    ['a trap', 'trap()', undefined, 10_000_000n, 'Error in execution of WASM code: unreachable', undefined],
    ['no function', '', undefined, 10_000_000n, 'called function representation is empty', 0n],
    ['an illegal signature', 'nonsense', undefined, 10_000_000n, "'callable' signature is illegal", 0n],
    ['a state that is no JSON', 'set(uint256)', utf8('{nonsense'), 10_000_000n, 'write_state', undefined],
  ])('are signed and encrypted for the user: %s', async (_, fn, args, gasLimit, message, usedGas) => {
    const { client, worker } = await start();
    const address = await world.deployed(client);
    const before = await client.getTip({ input: address });
    const failed = await compute(client, { address, fn, gasLimit, ...(args === undefined ? {} : { args }) });
    expect(failed.outcome.kind).toBe('failedTask');
    expect(text(failed.output)).toContain(message);
    if (usedGas !== undefined) expect(failed.outcome.result.usedGas).toBe(usedGas);
    const { bytecode } = await client.getContract({ input: address });
    expect(computeSigner(failed.task, failed.outcome, bytecode, new Uint8Array())).toBe(worker);
    expect(await client.getTip({ input: address })).toEqual(before);
    expect(text((await compute(client, { address, fn: 'get()' })).output)).toBe('0');
  });

  it('include inputs under another key', async () => {
    const { client, worker } = await start();
    const address = await world.deployed(client);
    const task = await prepare(client, { address, fn: 'get()' });
    const input = { ...task.input, encryptedFn: randomBytes(64) };
    const outcome = await client.computeTask({ input });
    expect(outcome.kind).toBe('failedTask');
    expect(text(open(task.ioKey, outcome.result.output))).toBe(
      'Input Error: Cryptography Error: DecryptionError',
    );
    const { bytecode } = await client.getContract({ input: address });
    expect(computeSigner({ ...task, input }, outcome, bytecode, new Uint8Array())).toBe(worker);
  });

  it('include a constructor that traps, and leave no contract behind', async () => {
    const { client, worker } = await start();
    const { broken, ownMemory } = await world.contracts();
    const address = newAddress();
    await world.principal.provision(client, [address]);
    const task = await prepare(client, { address, fn: 'construct()' });
    const outcome = await client.deploySecretContract({ input: { ...task.input, preCode: broken } });
    expect(outcome.kind).toBe('failedTask');
    expect(text(open(task.ioKey, outcome.result.output))).toContain('unreachable');
    expect(deploySigner(task, broken, outcome)).toBe(worker);
    expect(await client.getAllAddrs({})).toEqual({ addresses: [] });
    await deploy(client, address, ownMemory);
  });

  it.each([
    ['no WebAssembly', utf8('nonsense')],
    ['nothing', new Uint8Array()],
    ['a module without anything', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
  ])('include a deployment of %s', async (_, preCode) => {
    const { client } = await start();
    const address = newAddress();
    await world.principal.provision(client, [address]);
    const task = await prepare(client, { address, fn: 'construct()' });
    const outcome = await client.deploySecretContract({ input: { ...task.input, preCode } });
    expect(outcome.kind).toBe('failedTask');
    expect(outcome.result.usedGas).toBe(0n);
    expect(await client.getAllAddrs({})).toEqual({ addresses: [] });
  });
});

describe('system errors', () => {
  it('refuse what cannot be run, and change nothing', async () => {
    const { client } = await start();
    const address = await world.deployed(client);
    const { ownMemory } = await world.contracts();
    const refusal = (message: RegExp) =>
      expect.objectContaining({ code: 'REFUSED', message: expect.stringMatching(message) });

    const unknown = await prepare(client, { address: newAddress(), fn: 'get()' });
    await expect(client.computeTask({ input: unknown.input })).rejects.toEqual(refusal(/./));
    const used = await prepare(client, { address, fn: 'get()' });
    await client.computeTask({ input: used.input });
    await expect(client.computeTask({ input: used.input })).rejects.toEqual(refusal(/KeysError/));
    const keyless = await prepare(client, { address: newAddress(), fn: 'construct()' });
    await expect(
      client.deploySecretContract({ input: { ...keyless.input, preCode: ownMemory } }),
    ).rejects.toEqual(refusal(/KeysError/));
    const taken = await prepare(client, { address, fn: 'construct()' });
    await expect(
      client.deploySecretContract({ input: { ...taken.input, preCode: ownMemory } }),
    ).rejects.toEqual(refusal(/exist/));
    await expect(client.newTaskEncryptionKey({ userPubKey: new Uint8Array(64) })).rejects.toEqual(
      refusal(/./),
    );
    expect((await client.getAllAddrs({})).addresses).toHaveLength(1);
    expect((await client.getTip({ input: address })).key).toBe(0);
  });

  it('refuse state keys that the principal did not sign', async () => {
    const worker = await world.worker({ principalAddress: randomBytes(20) });
    const client = world.client(worker.endpoint);
    const { request, workerSig } = await client.getPTTRequest({ addresses: [newAddress()] });
    const { response, sig } = world.principal.answer(request, workerSig);
    await expect(client.pttResponse({ response })).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(client.pttResponse({ response, sig })).rejects.toMatchObject({ code: 'REFUSED' });
  });
});
