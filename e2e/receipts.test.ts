import { connect, type Client } from '@enigma-worker/client';
import { fromHex, toHex } from '@enigma-worker/crypto';
import { startTestWorker, type TestWorker } from '@enigma-worker/local';
import {
  callContract,
  createClient,
  deployContract,
  SdkError,
  type EnigmaClient,
  type Transport,
} from '@enigma-worker/sdk';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { compileContracts } from './harness/contracts.js';

let worker: TestWorker;
/** For what a user cannot do. */
let operator: Client;
let contracts: Awaited<ReturnType<typeof compileContracts>>;

beforeAll(async () => {
  worker = await startTestWorker();
  operator = connect(worker.network.endpoint);
  contracts = await compileContracts();
});

afterAll(async () => {
  await operator.close();
  await worker.close();
});

async function deploy(): Promise<string> {
  return (await worker.deployRaw({ bytecode: contracts.ownMemory })).address;
}

/** A client with some requests of its own, and how often it asked for what. */
async function clientWith(own: (transport: Transport) => Partial<Transport>) {
  const transport = await worker.network.transport();
  const changed: Transport = { ...transport, ...own(transport) };
  const asked: Record<string, number> = {};
  const counted = new Proxy(changed, {
    get(target, name: keyof Transport) {
      asked[name] = (asked[name] ?? 0) + 1;
      return target[name];
    },
  });
  const client = createClient({ transport: counted, worker: toHex(worker.network.signingAddress) });
  onTestFinished(() => client.close());
  return { client, asked };
}

const honest = (): Promise<{ client: EnigmaClient; asked: Record<string, number> }> => clientWith(() => ({}));
const get = (client: EnigmaClient, address: string) => callContract(client, { address, function: 'get()' });

/** Keeps a number: 32 bytes that are a JSON text. */
function set(client: EnigmaClient, address: string, value: number) {
  const text = Buffer.from(String(value).padEnd(32));
  return callContract(client, { address, function: 'set(bytes32)', args: [text] });
}

/** As many changes by somebody else. */
async function changes(address: string, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await set(worker.client, address, i);
}

const code = (wanted: string) => (error: unknown) => error instanceof SdkError && error.code === wanted;

test('a call asks for the key, the tip and the task, and for code only once', async () => {
  const address = await deploy();
  const { client, asked } = await honest();
  await get(client, address);
  await set(client, address, 1);
  const failing = callContract(client, { address, function: 'trap()' });
  await expect(failing).rejects.toMatchObject({ code: 'TASK_FAILED' });
  expect(asked).toEqual({ newTaskEncryptionKey: 3, getTip: 3, computeTask: 3, getContract: 1 });

  const { client: deployer, asked: ofDeployer } = await honest();
  const own = '11'.repeat(32);
  await worker.network.provision(own);
  await deployContract(deployer, { bytecode: contracts.ownMemory, address: own });
  await get(deployer, own);
  expect(ofDeployer).not.toHaveProperty('getContract');
});

test('others may change the state before and after a task, as often as they like', async () => {
  const address = await deploy();
  const { client } = await clientWith((transport) => ({
    async computeTask(input, options) {
      await changes(address, 20);
      const outcome = await transport.computeTask(input, options);
      await changes(address, 20);
      return outcome;
    },
  }));
  expect(Buffer.from((await get(client, address)).output).toString()).toContain('20');
  expect((await set(client, address, 7)).delta?.key).toBe(61);
});

test('a contract that is removed and deployed anew has new code and a new history', async () => {
  const address = await deploy();
  const { client } = await honest();
  await set(client, address, 1);
  await operator.removeContract({ address: fromHex(address) });
  await worker.deployRaw({ bytecode: contracts.importedMemory, address });
  expect(Buffer.from((await get(client, address)).output).toString()).toBe('0');
  expect((await set(client, address, 1)).delta?.key).toBe(1);
  await operator.removeContract({ address: fromHex(address) });
  await worker.deployRaw({ bytecode: contracts.ownMemory, address });
  await expect(callContract(client, { address, function: 'trap()' })).rejects.toMatchObject({
    code: 'TASK_FAILED',
  });
});

test('a receipt that does not fit what the worker tells is refused', async () => {
  const address = await deploy();
  const lies: ((transport: Transport) => Partial<Transport>)[] = [
    () => ({ getContract: (input) => Promise.resolve({ address: input, bytecode: Uint8Array.of(1) }) }),
    (transport) => ({
      getTip: async (input) => ({ ...(await transport.getTip(input)), data: Uint8Array.of(1) }),
    }),
    (transport) => ({
      async computeTask(input) {
        const outcome = await transport.computeTask(input);
        outcome.result.signature[3]! ^= 1;
        return outcome;
      },
    }),
  ];
  const refusal = { code: expect.stringMatching(/^RECEIPT_(INVALID|UNCHECKED)$/) as string };
  for (const lie of lies) {
    const { client } = await clientWith(lie);
    await expect(get(client, address)).rejects.toMatchObject(refusal);
  }
  const { client } = await clientWith(lies[2]!);
  await expect(get(client, address)).rejects.toSatisfy(code('RECEIPT_INVALID'));
  await expect(set(client, address, 5)).rejects.toSatisfy(code('RECEIPT_INVALID'));
  const failing = callContract(client, { address, function: 'trap()' });
  await expect(failing).rejects.toSatisfy(code('RECEIPT_INVALID'));
});

test('what cannot be checked any more is neither believed nor called invalid', async () => {
  const address = await deploy();
  const { client: noCode } = await clientWith(() => ({
    getContract: (input) => Promise.resolve({ address: input, bytecode: new Uint8Array(0) }),
  }));
  await expect(get(noCode, address)).rejects.toSatisfy(code('RECEIPT_UNCHECKED'));

  const { client: noHistory } = await clientWith((transport) => ({
    async computeTask(input) {
      await changes(address, 2);
      const outcome = await transport.computeTask(input);
      await changes(address, 2);
      return outcome;
    },
    getDelta: () => Promise.reject(new SdkError('WORKER_ERROR', 'no such delta')),
  }));
  await expect(get(noHistory, address)).rejects.toSatisfy(code('RECEIPT_UNCHECKED'));

  const { client: gone } = await clientWith((transport) => ({
    async computeTask(input) {
      await changes(address, 1);
      const outcome = await transport.computeTask(input);
      await operator.removeContract({ address: fromHex(address) });
      return outcome;
    },
  }));
  await expect(get(gone, address)).rejects.toSatisfy(code('RECEIPT_UNCHECKED'));
});

test('a failure whose reason is another one, or by the key of another task, is refused', async () => {
  const address = await deploy();
  const { client: altered } = await clientWith((transport) => ({
    async computeTask(input) {
      const outcome = await transport.computeTask(input);
      outcome.result.output[0]! ^= 1;
      return outcome;
    },
  }));
  const failing = callContract(altered, { address, function: 'trap()' });
  await expect(failing).rejects.toSatisfy(code('RECEIPT_INVALID'));

  let first: ReturnType<Transport['newTaskEncryptionKey']> | undefined;
  const { client: replayed } = await clientWith((transport) => ({
    async newTaskEncryptionKey(userPubKey) {
      const own = transport.newTaskEncryptionKey(userPubKey);
      await own;
      return (first ??= own);
    },
  }));
  await get(replayed, address);
  await expect(get(replayed, address)).rejects.toSatisfy(code('RECEIPT_INVALID'));
});
