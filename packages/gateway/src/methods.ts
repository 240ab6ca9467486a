import { gunzipSync } from 'node:zlib';
import { toHex } from '@enigma-worker/crypto';
import type { Client } from '@enigma-worker/client';
import type { FailedTaskResult, ResultOf } from '@enigma-worker/protocol';
import { JSONRPCErrorException, type JSONRPCServer } from 'json-rpc-2.0';
import type { Observer } from './observer.js';
import { INVALID_PARAMS, Params, SERVER_ERROR } from './params.js';
import type { TaskRegistry, TaskResult } from './tasks.js';

/** Bounds of what the gateway takes. */
export interface GatewayLimits {
  /** Bytes of an unpacked contract. */
  readonly bytecode: number;
  /** Gas limit of a task that names none. */
  readonly defaultGas: bigint;
  /** Longest time in ms that a question for a result is held open. */
  readonly wait: number;
  /** Characters of all large replies that are in memory at a time. */
  readonly replies: number;
  /** Longest time in ms for which a caller may read nothing of a reply. */
  readonly unread: number;
}

/** What the methods need. */
export interface GatewayContext {
  readonly client: Client;
  readonly tasks: TaskRegistry;
  readonly limits: GatewayLimits;
  readonly observer: Observer;
  /** Fetches the state key of a contract about to be deployed; absent when somebody else does. */
  readonly provision?: (address: Uint8Array) => Promise<void>;
}

/** Adds every method of docs/protocol.md, "Gateway", to a JSON-RPC server. */
export function addMethods(server: JSONRPCServer, context: GatewayContext): void {
  const { client, tasks, limits, observer, provision } = context;
  const method = (name: string, run: (params: Params) => unknown) => {
    server.addMethod(name, (params: unknown) =>
      observer.call(name, async () => await run(new Params(params))),
    );
  };

  method('getInfo', async () => {
    const { signingKey } = await client.getRegistrationParams({});
    return { peerId: toHex(signingKey), workerAddress: toHex(signingKey), status: 'ok' };
  });

  method('getRegistrationParams', async () => {
    const { signingKey, report, signature } = await client.getRegistrationParams({});
    return { signingKey: toHex(signingKey), report: toHex(report), signature: toHex(signature) };
  });

  method('getWorkerEncryptionKey', async (params) => {
    const userPubKey = params.bytes('userPubKey', 64);
    const { workerEncryptionKey, workerSig } = await client.newTaskEncryptionKey({ userPubKey });
    return {
      result: { workerEncryptionKey: toHex(workerEncryptionKey), workerSig: toHex(workerSig) },
      error: null,
    };
  });

  method('deploySecretContract', async (params) => {
    const input = { ...taskInput(params, limits), preCode: unpack(params.text('preCode'), limits.bytecode) };
    const taskId = toHex(input.contractAddress);
    return begin(context, taskId, input, async () => {
      await provision?.(input.contractAddress);
      const outcome = await client.deploySecretContract({ input });
      if (outcome.kind === 'failedTask') return failure(taskId, outcome.result);
      return { ...success(taskId, outcome.result), preCodeHash: toHex(outcome.result.preCodeHash) };
    });
  });

  method('sendTaskInput', async (params) => {
    const taskId = toHex(params.bytes('taskId', 32));
    const input = taskInput(params, limits);
    return begin(context, taskId, input, async () => {
      const outcome = await client.computeTask({ input });
      return outcome.kind === 'failedTask'
        ? failure(taskId, outcome.result)
        : success(taskId, outcome.result);
    });
  });

  method('getTaskStatus', (params) => {
    const taskId = toHex(params.bytes('taskId', 32));
    const status = tasks.status(taskId) ?? 'UNVERIFIED';
    const output = params.has('withResult') ? (tasks.ended(taskId)?.output ?? null) : null;
    return { result: status, output };
  });

  method('getTaskResult', async (params) => {
    const taskId = toHex(params.bytes('taskId', 32));
    return { result: (await tasks.result(taskId, params.integer('waitMs', 0, limits.wait))) ?? null };
  });

  method('estimateTask', async (params) => {
    const { status, output, usedGas } = await client.estimateTask({ input: taskInput(params, limits) });
    return {
      status: status === 0 ? 'SUCCESS' : 'FAILED',
      output: toHex(output),
      usedGas: usedGas.toString(),
    };
  });

  method('getContract', async (params) => {
    const address = params.bytes('address', 32);
    const { bytecode } = await client.getContract({ input: address });
    return { address: toHex(address), bytecode: toHex(bytecode) };
  });

  method('getTip', async (params) => {
    const { key, data } = await client.getTip({ input: params.bytes('address', 32) });
    return { key, data: toHex(data) };
  });

  method('getDelta', async (params) => {
    const input = { address: params.bytes('address', 32), key: params.integer('key', 0, 0xffff_ffff) };
    return { delta: toHex((await client.getDelta({ input })).delta) };
  });
}

type TaskInput = ReturnType<typeof taskInput>;

function taskInput(params: Params, limits: GatewayLimits) {
  return {
    encryptedArgs: params.bytes('encryptedArgs'),
    encryptedFn: params.bytes('encryptedFn'),
    userDHKey: params.bytes('userDHKey', 64),
    contractAddress: params.bytes('contractAddress', 32),
    gasLimit: params.gas('gasLimit', limits.defaultGas),
  };
}

function begin(
  { tasks, observer }: GatewayContext,
  taskId: string,
  input: TaskInput & { readonly preCode?: Uint8Array },
  run: () => Promise<TaskResult>,
): { sendTaskResult: boolean } {
  const { encryptedArgs, encryptedFn, preCode } = input;
  const bytes = encryptedArgs.length + encryptedFn.length + (preCode?.length ?? 0);
  const start = tasks.start(taskId, bytes, () => observer.task(taskId, run));
  if (start !== 'started') {
    const reason =
      start === 'known'
        ? `task ${taskId} is under way or has succeeded already`
        : 'too many tasks are under way, try again later';
    throw new JSONRPCErrorException(`Server error: ${reason}`, SERVER_ERROR);
  }
  return { sendTaskResult: true };
}

function unpack(base64: string, limit: number): Uint8Array {
  try {
    const unpacked = gunzipSync(Buffer.from(base64, 'base64'), { maxOutputLength: limit });
    return new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.length);
  } catch {
    throw new JSONRPCErrorException(
      `Invalid params: preCode: expected base64 of a gzipped module of at most ${limit} bytes`,
      INVALID_PARAMS,
    );
  }
}

function success(taskId: string, result: ResultOf<'ComputeTask'>): TaskResult {
  const { delta } = result;
  return {
    taskId,
    status: 'SUCCESS',
    output: toHex(result.output),
    usedGas: result.usedGas.toString(),
    signature: toHex(result.signature),
    delta: { key: delta.key, ...(delta.data !== undefined && { data: toHex(delta.data) }) },
    ethereumPayload: toHex(result.ethereumPayload),
    ethereumAddress: toHex(result.ethereumAddress),
  };
}

function failure(taskId: string, result: FailedTaskResult): TaskResult {
  return {
    taskId,
    status: 'FAILED',
    output: toHex(result.output),
    usedGas: result.usedGas.toString(),
    signature: toHex(result.signature),
  };
}
