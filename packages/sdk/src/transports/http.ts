import { fromHex, randomBytes, toHex } from '@enigma-worker/crypto';
import { SdkError } from '../errors.js';
import { pause, timeoutSignal } from '../time.js';
import type { RequestOptions, TaskOutcome, TaskStatus, Transport } from '../transport.js';

/** How the gateway is reached. */
export interface HttpOptions {
  /** Milliseconds until a request is given up; 60,000 when absent. */
  readonly timeout?: number;
  /** For tests, for environments with their own, and to add what a proxy asks for, such as a header `authorization`. */
  readonly fetch?: typeof fetch;
}

const TASK_STATUSES: readonly TaskStatus[] = [
  'UNVERIFIED',
  'INPROGRESS',
  'SUCCESS',
  'FAILED',
  'ETHEREUMFAILURE',
];

/** The code by which JSON-RPC says that the method is not known. */
const METHOD_NOT_FOUND = -32601;

/** How long one question for a result may be held open by the gateway, in ms. */
const LONG_POLL = 20_000;

/** How long, in ms, a gateway is left alone that did not hold it: it has forgotten the task, or never holds one. */
const BETWEEN = 250;

/**
 * To a core through `enigma gateway`: for browsers, and wherever ZeroMQ is not.
 * @param url for example `http://127.0.0.1:3000`
 * @throws SdkError `ARGUMENTS_MISMATCH` when there is a password in it
 */
export function http(url: string, options: HttpOptions = {}): Transport {
  requireNoPassword(url);
  const send = options.fetch ?? fetch;
  let id = 0;

  async function rpc(
    method: string,
    params: Readonly<Record<string, unknown>>,
    bounds: RequestOptions = {},
  ): Promise<Fields> {
    const timeout = timeoutSignal(bounds.timeout ?? options.timeout ?? 60_000);
    let status: number;
    let text: string;
    try {
      const response = await send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
        signal: bounds.signal === undefined ? timeout : AbortSignal.any([bounds.signal, timeout]),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      bounds.signal?.throwIfAborted();
      const reason = timeout.aborted ? 'no answer in time' : reasonOf(error);
      throw new SdkError('TRANSPORT_FAILED', `${method} at ${url}: ${reason}`, { cause: error });
    }
    const reply = jsonOf(text);
    // A proxy whose gateway is away, or that refuses, says so by its status alone.
    if (!isAnswer(reply))
      throw malformed(
        `${method} at ${url}`,
        `an answer in JSON-RPC, got HTTP ${status}: that was no gateway`,
      );
    const answer = new Fields(method, reply);
    if (!answer.has('error')) return answer.fields('result');
    const error = answer.fields('error');
    const hint = error.is('code', METHOD_NOT_FOUND) ? `: ${method} at ${url}, is a gateway there?` : '';
    throw new SdkError('WORKER_ERROR', `${error.text('message')}${hint}`);
  }

  async function task(
    method: string,
    taskId: Uint8Array,
    params: Readonly<Record<string, unknown>>,
    bounds: RequestOptions = {},
  ): Promise<Fields> {
    await rpc(method, { taskId: toHex(taskId), ...params }, bounds);
    const deadline = performance.now() + (bounds.timeout ?? options.timeout ?? 60_000);
    for (;;) {
      const waitMs = Math.min(LONG_POLL, Math.ceil(deadline - performance.now()));
      if (!(waitMs > 0)) throw new SdkError('TASK_TIMEOUT', `task ${toHex(taskId)} is not done in time`);
      const reply = await rpc(
        'getTaskResult',
        { taskId: toHex(taskId), waitMs },
        { ...bounds, timeout: waitMs + 5_000 },
      );
      if (reply.has('result')) return reply.fields('result');
      await pause(Math.min(BETWEEN, deadline - performance.now()), bounds.signal);
    }
  }

  return {
    async getRegistrationParams(bounds) {
      const reply = await rpc('getRegistrationParams', {}, bounds);
      return {
        signingKey: reply.bytes('signingKey'),
        report: reply.bytes('report'),
        signature: reply.bytes('signature'),
      };
    },
    async newTaskEncryptionKey(userPubKey, bounds) {
      const reply = (await rpc('getWorkerEncryptionKey', { userPubKey: toHex(userPubKey) }, bounds)).fields(
        'result',
      );
      return { workerEncryptionKey: reply.bytes('workerEncryptionKey'), workerSig: reply.bytes('workerSig') };
    },
    async deploySecretContract(input, bounds) {
      const params = { ...wireTask(input), preCode: await gzipBase64(input.preCode) };
      const reply = await task('deploySecretContract', input.contractAddress, params, bounds);
      return outcomeOf(reply, () => ({ ...success(reply), preCodeHash: reply.bytes('preCodeHash') }));
    },
    async computeTask(input, bounds) {
      const reply = await task('sendTaskInput', randomBytes(32), wireTask(input), bounds);
      return outcomeOf(reply, () => success(reply));
    },
    async getContract(address, bounds) {
      const reply = await rpc('getContract', { address: toHex(address) }, bounds);
      return { address, bytecode: reply.bytes('bytecode') };
    },
    async getTip(address, bounds) {
      const reply = await rpc('getTip', { address: toHex(address) }, bounds);
      return { key: reply.integer('key'), data: reply.bytes('data') };
    },
    async getDelta(address, key, bounds) {
      const reply = await rpc('getDelta', { address: toHex(address), key }, bounds);
      return { delta: reply.bytes('delta') };
    },
    async estimate(input, bounds) {
      const reply = await rpc('estimateTask', wireTask(input), bounds);
      return { usedGas: reply.gas('usedGas'), failed: reply.text('status') === 'FAILED' };
    },
    async getTaskStatus(taskId, bounds) {
      const status = (await rpc('getTaskStatus', { taskId: toHex(taskId) }, bounds)).text('result');
      const known = TASK_STATUSES.find((each) => each === status);
      if (known === undefined) throw malformed('getTaskStatus.result', 'a task status');
      return known;
    },
    close: () => Promise.resolve(),
  };
}

/** The URL stands in errors, and `fetch` takes none with a password anyway. */
function requireNoPassword(url: string): void {
  // What is no URL by itself may be one in a page.
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' };
  if (username === '' && password === '') return;
  throw new SdkError('ARGUMENTS_MISMATCH', 'gateway: expected an address without user and password');
}

interface TaskInput {
  readonly encryptedArgs: Uint8Array;
  readonly encryptedFn: Uint8Array;
  readonly userDHKey: Uint8Array;
  readonly gasLimit: bigint;
  readonly contractAddress: Uint8Array;
}

function wireTask(input: TaskInput): Readonly<Record<string, string>> {
  return {
    encryptedArgs: toHex(input.encryptedArgs),
    encryptedFn: toHex(input.encryptedFn),
    userDHKey: toHex(input.userDHKey),
    gasLimit: input.gasLimit.toString(),
    contractAddress: toHex(input.contractAddress),
  };
}

function success(reply: Fields) {
  const delta = reply.fields('delta');
  return {
    output: reply.bytes('output'),
    delta: { key: delta.integer('key'), ...(delta.has('data') && { data: delta.bytes('data') }) },
    usedGas: reply.gas('usedGas'),
    ethereumPayload: reply.bytes('ethereumPayload'),
    ethereumAddress: reply.bytes('ethereumAddress'),
    signature: reply.bytes('signature'),
  };
}

function outcomeOf<Result>(reply: Fields, result: () => Result): TaskOutcome<Result> {
  if (reply.text('status') !== 'FAILED') return { kind: 'result', result: result() };
  return {
    kind: 'failedTask',
    result: {
      output: reply.bytes('output'),
      usedGas: reply.gas('usedGas'),
      signature: reply.bytes('signature'),
    },
  };
}

async function gzipBase64(bytes: Uint8Array): Promise<string> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream('gzip'));
  let binary = '';
  for (const byte of new Uint8Array(await new Response(packed).arrayBuffer()))
    binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Reads fields of an answer, refusing what is not of the expected shape. */
class Fields {
  readonly #method: string;
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(method: string, value: unknown) {
    if (typeof value !== 'object' || value === null) throw malformed(method, 'an object');
    this.#method = method;
    this.#value = value as Readonly<Record<string, unknown>>;
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null;
  }

  is(name: string, value: number): boolean {
    return this.#value[name] === value;
  }

  fields(name: string): Fields {
    return new Fields(`${this.#method}.${name}`, this.#value[name]);
  }

  text(name: string): string {
    const value = this.#value[name];
    if (typeof value !== 'string') throw malformed(`${this.#method}.${name}`, 'a text');
    return value;
  }

  bytes(name: string): Uint8Array {
    const text = this.text(name);
    try {
      return fromHex(text);
    } catch {
      throw malformed(`${this.#method}.${name}`, 'hex');
    }
  }

  gas(name: string): bigint {
    const text = this.text(name);
    if (!/^\d{1,20}$/.test(text)) throw malformed(`${this.#method}.${name}`, 'an amount of gas');
    return BigInt(text);
  }

  integer(name: string): number {
    const value = this.#value[name];
    if (!Number.isSafeInteger(value)) throw malformed(`${this.#method}.${name}`, 'an integer');
    return value as number;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a reply has what JSON-RPC answers with: anything else that speaks HTTP replies, too. */
function isAnswer(reply: unknown): boolean {
  if (typeof reply !== 'object' || reply === null) return false;
  const { result, error } = reply as { readonly result?: unknown; readonly error?: unknown };
  return result !== undefined || (typeof error === 'object' && error !== null);
}

/** Why nothing came. Node's `fetch` says that it failed, and its cause why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

function malformed(where: string, expected: string): SdkError {
  return new SdkError('TRANSPORT_FAILED', `${where}: expected ${expected}`);
}
