import { randomBytes, toHex } from '@enigma-worker/crypto';
import {
  encodeRequest,
  type FailedTaskResult,
  type IncomingReply,
  MESSAGE_TYPES,
  type MessageType,
  parseReply,
  ProtocolError,
  type RequestOf,
  type ResultOf,
} from '@enigma-worker/protocol';
import { Channel } from './channel.js';
import { ClientError } from './errors.js';
import { type CallOptions, type ClientOptions, DEFAULT_TASK_TIMEOUT, DEFAULT_TIMEOUT } from './options.js';

/** Messages that run a contract. */
export type TaskType = 'DeploySecretContract' | 'ComputeTask';

/** A task ends in a result or in a failure; both are signed. */
export type TaskOutcome<T extends TaskType = TaskType> =
  | { readonly kind: 'result'; readonly result: ResultOf<T> }
  | { readonly kind: 'failedTask'; readonly result: FailedTaskResult };

/** What a call resolves to. */
export type CallResult<T extends MessageType> = T extends TaskType ? TaskOutcome<T> : ResultOf<T>;

/** The name of the method that sends a message: `GetTip` → `getTip`, `PTTResponse` → `pttResponse`. */
export type MethodName<T extends MessageType> = T extends 'PTTResponse' ? 'pttResponse' : Uncapitalize<T>;

/** One method a message; each takes the request's fields besides `id` and `type`. */
export type Methods = {
  readonly [T in MessageType as MethodName<T>]: (
    request: RequestOf<T>,
    options?: CallOptions,
  ) => Promise<CallResult<T>>;
};

/**
 * A worker, from its peer's side. Calls may run side by side; each is bounded in time.
 * Methods throw {@link ClientError}.
 */
export interface Client extends Methods, AsyncDisposable {
  readonly endpoint: string;
  /** Sends any message, by its type. */
  call<T extends MessageType>(type: T, request: RequestOf<T>, options?: CallOptions): Promise<CallResult<T>>;
  /** Gives up the calls that are open and closes the connection. Idempotent. */
  close(): Promise<void>;
}

/**
 * Connects to a worker, now or as soon as it is there, and again whenever the connection breaks. Calls that only read
 * are repeated then; others end with `CONNECTION_LOST`. Keeps the process alive until it is closed.
 *
 * @param endpoint `tcp://host:port` or `ipc://path`
 * @throws ClientError `BAD_ENDPOINT`, `BAD_CURVE_KEY`, with nothing left open
 */
export function connect(endpoint: string, options: ClientOptions = {}): Client {
  const channel = new Channel(endpoint, options.curve);
  const session = toHex(randomBytes(6));
  let count = 0;

  async function call<T extends MessageType>(
    type: T,
    request: RequestOf<T>,
    bounds: CallOptions = {},
  ): Promise<CallResult<T>> {
    const id = `${session}-${count++}`;
    const frame = encodeRequest(type, id, request, options.dialect);
    const reply = await channel.exchange(frame, {
      timeout: bounds.timeout ?? defaultTimeout(type, options),
      signal: bounds.signal,
      repeatable: type.startsWith('Get'),
    });
    return resultOf(type, id, reply, options);
  }

  const methodOf =
    <T extends MessageType>(type: T) =>
    (request: RequestOf<T>, bounds?: CallOptions): Promise<CallResult<T>> =>
      call(type, request, bounds);
  const methods = Object.fromEntries(
    MESSAGE_TYPES.map((type) => [methodName(type), methodOf(type)]),
  ) as unknown as Methods;
  const close = (): Promise<void> => channel.close();
  return { ...methods, endpoint, call, close, [Symbol.asyncDispose]: close };
}

/** The method that sends a message. */
export function methodName<T extends MessageType>(type: T): MethodName<T> {
  const name = type === 'PTTResponse' ? 'pttResponse' : type.charAt(0).toLowerCase() + type.slice(1);
  return name as MethodName<T>;
}

function resultOf<T extends MessageType>(
  type: T,
  id: string,
  frame: Uint8Array,
  { limits }: ClientOptions,
): CallResult<T> {
  const reply = parse(type, frame, limits);
  if (reply.kind === 'error') throw new ClientError('REFUSED', reply.message);
  if (reply.id !== id) throw new ClientError('BAD_REPLY', `${type}: the reply names another request`);
  if (isTask(type)) return reply as unknown as CallResult<T>;
  if (reply.kind === 'failedTask')
    throw new ClientError('BAD_REPLY', `${type}: a failed task, but none was asked`);
  return reply.result as CallResult<T>;
}

function parse<T extends MessageType>(
  type: T,
  frame: Uint8Array,
  limits: ClientOptions['limits'],
): IncomingReply<T> {
  try {
    return parseReply(type, frame, limits);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ClientError('BAD_REPLY', `${type}: ${error.message}`, { cause: error });
  }
}

function isTask(type: MessageType): type is TaskType {
  return type === 'DeploySecretContract' || type === 'ComputeTask';
}

function defaultTimeout(type: MessageType, { timeout, taskTimeout }: ClientOptions): number {
  const slow = isTask(type) || type === 'EstimateTask' || type === 'PTTResponse';
  return slow ? (taskTimeout ?? timeout ?? DEFAULT_TASK_TIMEOUT) : (timeout ?? DEFAULT_TIMEOUT);
}
