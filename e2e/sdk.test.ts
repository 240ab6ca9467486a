import { connect } from '@enigma-worker/client';
import { generateKeyPair, toHex } from '@enigma-worker/crypto';
import { startGateway, type Gateway } from '@enigma-worker/gateway';
import { startTestWorker, type TestWorker } from '@enigma-worker/local';
import {
  callContract,
  createClient,
  deployContract,
  estimateGas,
  http,
  waitFor,
  type EnigmaClient,
  type TaskFailedError,
  type Transport,
} from '@enigma-worker/sdk';
import { ipc } from '@enigma-worker/sdk/ipc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileContracts } from './harness/contracts.js';

let local: TestWorker;
let gateway: Gateway;
let bytecode: Uint8Array;
const inner = { client: undefined as ReturnType<typeof connect> | undefined };

beforeAll(async () => {
  local = await startTestWorker();
  inner.client = connect(local.network.endpoint);
  gateway = await startGateway({
    client: inner.client,
    host: '127.0.0.1',
    port: 0,
    principal: local.network.principalUrl,
  });
  bytecode = (await compileContracts()).ownMemory;
});

afterAll(async () => {
  await gateway.close();
  await inner.client?.close();
  await local.close();
});

const transports: readonly (readonly [string, () => Transport])[] = [
  ['ipc', () => ipc(local.network.endpoint)],
  ['http', () => http(gateway.url)],
];

describe.each(transports)('over %s', (name, open) => {
  let client: EnigmaClient;
  let address: string;

  beforeAll(async () => {
    client = createClient({ transport: open(), worker: toHex(local.network.signingAddress) });
    if (name === 'ipc') {
      address = 'aa'.repeat(32);
      await local.network.provision(address);
    } else {
      // The gateway fetches the key by itself.
      address = 'bb'.repeat(32);
    }
    const deployment = await deployContract(client, { bytecode, address });
    expect(deployment.address).toBe(address);
    expect(deployment.delta.length).toBeGreaterThan(28);
  });

  afterAll(() => client.close());

  test('arguments go in sealed and results come out opened', async () => {
    const { values, delta } = await callContract(client, {
      address,
      function: 'echo(uint256,bytes32)',
      args: [2n ** 255n, `0x${'ab'.repeat(32)}`],
      returns: 'uint256,bytes32',
    });
    expect(values).toEqual([2n ** 255n, `0x${'ab'.repeat(32)}`]);
    expect(delta).toBeUndefined();
  });

  test('a state change comes with the next delta, and its receipt chains', async () => {
    const one = { address, function: 'set(bytes1)', args: ['0x37'] };
    // The ABI pads the byte to a word of which only the first is JSON: the contract refuses, and says so to the caller.
    await expect(callContract(client, one)).rejects.toMatchObject({ code: 'TASK_FAILED' });
    const task = await callContract(client, { address, function: 'get()' });
    expect(Buffer.from(task.output).toString()).toBe('0');
  });

  test('a failure is signed, and its reason is for the caller alone', async () => {
    const failure = callContract(client, { address, function: 'trap()' });
    await expect(failure).rejects.toMatchObject({
      code: 'TASK_FAILED',
      reason: 'Error in execution of WASM code: unreachable',
    });
    await failure.catch((error: TaskFailedError) => {
      expect(error.usedGas).toBeGreaterThan(0n);
      expect(error.signature.length).toBe(65);
    });
  });

  test('running out of gas uses all of it', async () => {
    const failure = callContract(client, {
      address,
      function: 'loop(uint256)',
      args: [2n ** 256n - 1n],
      gasLimit: 20_000n,
    });
    await expect(failure).rejects.toMatchObject({
      reason: 'Invocation resulted in gas limit violated',
      usedGas: 20_000n,
    });
  });

  test('a client with a key of its own runs many tasks, also when one of them fails', async () => {
    const own = createClient({
      transport: open(),
      worker: toHex(local.network.signingAddress),
      privateKey: toHex(generateKeyPair().privateKey),
    });
    const echo = (value: bigint) =>
      callContract(own, { address, function: 'echo(uint256)', args: [value], returns: 'uint256' });
    const trap = callContract(own, { address, function: 'trap()' });
    const estimate = estimateGas(own, { address, function: 'echo(uint256)', args: [7n] });
    const echoed = Promise.all([1n, 2n, 3n, 4n].map(echo));
    await expect(trap).rejects.toMatchObject({ code: 'TASK_FAILED' });
    expect((await estimate).failed).toBe(false);
    expect((await echoed).map(({ values }) => values)).toEqual([[1n], [2n], [3n], [4n]]);
    await own.close();
  });

  test('a call of such a client that is aborted before its turn ends at once, and nothing of it is sent', async () => {
    const sent: Uint8Array[] = [];
    const transport = open();
    let letGo: () => void;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const own = createClient({
      transport: {
        ...transport,
        async computeTask(request, options) {
          sent.push(request.contractAddress);
          await held;
          return await transport.computeTask(request, options);
        },
      },
      privateKey: toHex(generateKeyPair().privateKey),
    });
    const echo = (signal?: AbortSignal) =>
      callContract(own, { address, function: 'echo(uint256)', args: [1n], ...(signal && { signal }) });
    const first = echo();
    const stop = new AbortController();
    const given = Array.from({ length: 12 }, () => echo(stop.signal).catch((error: unknown) => error));
    const last = echo();
    stop.abort(new Error('no longer wanted'));
    expect(new Set(await Promise.all(given))).toEqual(new Set([stop.signal.reason]));
    await expect(echo(stop.signal)).rejects.toBe(stop.signal.reason);
    letGo!();
    await Promise.all([first, last]);
    expect(sent).toHaveLength(2);
    await own.close();
  });

  test('an estimate tells the gas of the task that follows', async () => {
    const call = { address, function: 'echo(uint256)', args: [7n], returns: 'uint256' };
    const { usedGas, failed } = await estimateGas(client, call);
    expect(failed).toBe(false);
    expect((await callContract(client, call)).usedGas).toBe(usedGas);
    expect((await estimateGas(client, { address, function: 'trap()' })).failed).toBe(true);
  });

  test('what is there need not be waited for, what is not is waited for in vain', async () => {
    expect(await waitFor(client, { contract: address })).toBe(0);
    const never = { contract: 'cc'.repeat(32), interval: 20, timeout: 200 };
    await expect(waitFor(client, never)).rejects.toMatchObject({ code: 'WAIT_TIMEOUT' });
    const task = waitFor(client, { task: address });
    if (name === 'http') expect(await task).toBe('SUCCESS');
    else await expect(task).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });

  test('a contract that does not exist is an error of the worker', async () => {
    await expect(callContract(client, { address: 'cc'.repeat(32), function: 'echo()' })).rejects.toThrow();
  });

  test('answers of another worker than the pinned one are refused', async () => {
    const wary = createClient({ transport: open(), worker: '11'.repeat(20) });
    await expect(callContract(wary, { address, function: 'echo()' })).rejects.toMatchObject({
      code: 'WORKER_SIGNATURE_INVALID',
    });
    await wary.close();
  });
});

describe('the gateway', () => {
  const rpc = async (
    body: unknown,
  ): Promise<{ error?: { code: number; message: string }; result?: unknown }> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    });
    return (await response.json()) as { error?: { code: number; message: string } };
  };
  const call = (method: string, params: unknown) => rpc({ jsonrpc: '2.0', id: 1, method, params });

  test('says who is behind it', async () => {
    expect(await call('getInfo', {})).toMatchObject({
      result: { status: 'ok', workerAddress: toHex(local.network.signingAddress) },
    });
  });

  test.each([
    ['getWorkerEncryptionKey', { userPubKey: 'zz' }, -32602],
    ['getWorkerEncryptionKey', { userPubKey: '00' }, -32602],
    ['getWorkerEncryptionKey', { userPubKey: '00'.repeat(64) }, -32000],
    ['sendTaskInput', {}, -32602],
    ['getTaskResult', { taskId: 5 }, -32602],
    ['deploySecretContract', 'nonsense', -32602],
    ['noSuchMethod', {}, -32601],
  ])('%s with %j is refused with %i', async (method, params, code) => {
    expect((await call(method, params)).error).toMatchObject({ code });
  });

  test('a deployment that failed does not block its address', async () => {
    const client = createClient({
      transport: http(gateway.url),
      worker: toHex(local.network.signingAddress),
    });
    const address = 'dd'.repeat(32);
    const { broken } = await compileContracts();
    await expect(deployContract(client, { bytecode: broken, address })).rejects.toMatchObject({
      code: 'TASK_FAILED',
    });
    expect((await deployContract(client, { bytecode, address })).address).toBe(address);
    await expect(deployContract(client, { bytecode, address })).rejects.toMatchObject({
      code: 'WORKER_ERROR',
      message: `Server error: task ${address} is under way or has succeeded already`,
    });
  });

  test('what is not JSON is a parse error', async () => {
    expect((await rpc('{')).error).toMatchObject({ code: -32700 });
  });

  test.each(['null', '5', '"x"', '{}', '[]'])('%s is no request', async (body) => {
    expect(await rpc(body)).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } });
  });

  test.each(['[null]', '[[]]'])('%s is a list of one that is none, answered by a list', async (body) => {
    expect(await rpc(body)).toMatchObject([{ jsonrpc: '2.0', error: { code: -32600 } }]);
  });

  test('a list of requests is answered one by one, also where one of them is none', async () => {
    const request = { jsonrpc: '2.0', id: 1, method: 'getTaskResult', params: { taskId: '00'.repeat(32) } };
    expect(await rpc([null, request])).toMatchObject([
      { id: null, error: { code: -32600 } },
      { id: 1, result: { result: null } },
    ]);
  });

  test('a task that is not known is UNVERIFIED', async () => {
    expect((await call('getTaskStatus', { taskId: '00'.repeat(32) })).result).toEqual({
      result: 'UNVERIFIED',
      output: null,
    });
    expect((await call('getTaskResult', { taskId: '00'.repeat(32) })).result).toEqual({ result: null });
  });

  test('a task that the worker refused has failed, and its result says why', async () => {
    const taskId = 'ab'.repeat(32);
    const task = { taskId, contractAddress: taskId, encryptedFn: '00', encryptedArgs: '00' };
    const { signingAddress } = local.network;
    await call('sendTaskInput', {
      ...task,
      workerAddress: toHex(signingAddress),
      userDHKey: toHex(generateKeyPair().publicKey),
    });
    const result = await call('getTaskResult', { taskId, waitMs: 10_000 });
    expect(result.error).toMatchObject({ code: -32000, message: expect.stringContaining('KeysError') });
    expect((await call('getTaskStatus', { taskId, withResult: true })).result).toEqual({
      result: 'FAILED',
      output: null,
    });
  });

  test('pages of other origins may call', async () => {
    const response = await fetch(gateway.url, {
      method: 'OPTIONS',
      headers: { origin: 'https://dapp.example', 'access-control-request-method': 'POST' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://dapp.example');
  });
});
