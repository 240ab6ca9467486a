import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import {
  encodeStateKeysParams,
  parseStateKeysResult,
  PRINCIPAL_METHODS,
  ProtocolError,
  type StateKeysResult,
} from '@enigma-worker/protocol';
import { RPC_ERROR_NUMBERS } from './rpc/errors.js';

/** What a core's GetPTTRequest gave, to be carried to the principal. */
export interface StateKeysQuery {
  /** The message, as GetPTTRequest gave it. */
  readonly request: Uint8Array;
  readonly workerSig: Uint8Array;
  /** Contracts, 32 bytes each; absent for all of the worker's, or when the message names them. */
  readonly addresses?: readonly Uint8Array[];
  readonly blockNumber?: bigint;
}

/** How often and how patiently a request is repeated. Source: docs/protocol.md, "Principal node JSON-RPC". */
export interface RetryOptions {
  /** Repetitions after the first attempt. Default 10. */
  readonly retries?: number;
  /** By how much each pause is longer than the one before. Default 1.7. */
  readonly factor?: number;
  /** First pause in milliseconds. Default 1,000. */
  readonly firstPause?: number;
  /** Longest pause in milliseconds. Default 120,000. */
  readonly longestPause?: number;
  /** For how long one attempt may take, in milliseconds. Default 30,000. */
  readonly timeout?: number;
  /** Ends the attempts and pauses. */
  readonly signal?: AbortSignal;
  /** Told of each attempt that will be repeated. */
  readonly onRetry?: (attempt: number, error: PrincipalClientError) => void;
}

/** Codes of everything that can go wrong between a requester and a principal. */
export type PrincipalClientErrorCode =
  /** The address of the principal is none of HTTP. */
  | 'BAD_URL'
  /** No answer: connection refused, timed out, broken off, or a proxy that says so (HTTP 5xx). Worth repeating. */
  | 'TRANSPORT'
  /** The principal cannot tell yet (-32002). Worth repeating. */
  | 'ILLEGAL_STATE'
  /** The worker may not have what it asked for (-32001). */
  | 'NOT_AUTHORISED'
  /** The principal does not admit workers by their attestation. */
  | 'NO_REGISTRATION'
  /** The principal refused for another reason; `rpcCode` says which. */
  | 'REFUSED'
  /** The answer is not one of a principal. */
  | 'ANSWER_MALFORMED'
  /** The signal ended it. */
  | 'ABORTED';

/** An expected failure to get an answer from a principal. */
export class PrincipalClientError extends Error {
  override readonly name = 'PrincipalClientError';
  readonly code: PrincipalClientErrorCode;
  /** The JSON-RPC error code, when the principal gave one. */
  readonly rpcCode?: number;

  constructor(
    code: PrincipalClientErrorCode,
    message: string,
    options: ErrorOptions & { rpcCode?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    if (options.rpcCode !== undefined) this.rpcCode = options.rpcCode;
  }
}

/** Bytes of the longest answer: room for the keys of ten thousand contracts, twice in hex. */
const LONGEST_ANSWER = 16 << 20;

/**
 * Asks a principal for state keys. The answer is for the core alone: it is sealed for the key in the
 * request, and who carries it can neither read nor change it.
 * @param url e.g. `http://127.0.0.1:3040`
 * @throws PrincipalClientError
 */
export async function fetchStateKeys(
  url: string,
  query: StateKeysQuery,
  options: RetryOptions = {},
): Promise<StateKeysResult> {
  const { request, workerSig, addresses, blockNumber } = query;
  const params = encodeStateKeysParams({
    data: request,
    sig: workerSig,
    ...(addresses === undefined ? {} : { addresses }),
    ...(blockNumber === undefined ? {} : { blockNumber }),
  });
  const result = await callWithRetries(url, PRINCIPAL_METHODS.getStateKeys, params, options);
  try {
    return parseStateKeysResult(result);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PrincipalClientError('ANSWER_MALFORMED', `principal: ${error.message}`, { cause: error });
  }
}

/** A worker's registration parameters, as GetRegistrationParams gives them. */
export interface Registration {
  readonly signingKey: Uint8Array;
  readonly report: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Registers a worker with a principal that admits by attestation.
 * @returns until when the registration lasts
 * @throws PrincipalClientError
 */
export async function registerWithPrincipal(
  url: string,
  registration: Registration,
  options: RetryOptions = {},
): Promise<Date> {
  const { signingKey, report, signature } = registration;
  const params = { signingKey: toHex(signingKey), report: toHex(report), signature: toHex(signature) };
  const result = await callWithRetries(url, 'registerWorker', params, options).catch((error: unknown) => {
    const isUnknown =
      error instanceof PrincipalClientError && error.rpcCode === RPC_ERROR_NUMBERS.METHOD_NOT_FOUND;
    throw isUnknown ? noRegistration(url, error) : error;
  });
  const validUntil =
    typeof result === 'object' && result !== null && 'validUntil' in result ? result.validUntil : undefined;
  if (typeof validUntil !== 'number') throw malformed('does not say until when');
  return new Date(validUntil);
}

async function callWithRetries(
  url: string,
  method: string,
  params: object,
  options: RetryOptions,
): Promise<unknown> {
  const {
    retries = 10,
    factor = 1.7,
    firstPause = 1_000,
    longestPause = 120_000,
    timeout = 30_000,
  } = options;
  requireUrl(url);
  let nextPause = firstPause;
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(url, method, params, timeout, options.signal);
    } catch (error) {
      if (!(error instanceof PrincipalClientError) || !isWorthRepeating(error) || attempt > retries)
        throw error;
      options.onRetry?.(attempt, error);
    }
    await sleep(Math.min(nextPause, longestPause), options.signal);
    nextPause *= factor;
  }
}

/** However often it were tried, what is no address would not become one. */
function requireUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  // The URL stands in errors, and fetch takes none with a password anyway.
  if (isHttp && parsed?.username === '' && parsed.password === '') return;
  throw new PrincipalClientError(
    'BAD_URL',
    'principal: its address must be http://host:port or https://host, without user and password',
  );
}

function isWorthRepeating({ code }: PrincipalClientError): boolean {
  return code === 'TRANSPORT' || code === 'ILLEGAL_STATE';
}

async function call(
  url: string,
  method: string,
  params: object,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const id = toHex(randomBytes(8));
  const limit = AbortSignal.timeout(timeout);
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    ({ status } = response);
    text = await readBounded(response);
  } catch (error) {
    if (signal?.aborted === true) throw aborted();
    if (error instanceof PrincipalClientError) throw error;
    throw new PrincipalClientError('TRANSPORT', `principal ${url}: ${reasonOf(error)}`, { cause: error });
  }
  const answer = parseAnswer(text);
  // So says a proxy before a principal that is away, and a principal that stops.
  if (status >= 500 && answer?.jsonrpc === undefined)
    throw new PrincipalClientError('TRANSPORT', `principal ${url}: HTTP ${status}`);
  if (answer === undefined) throw malformed(`the answer of ${url} is not JSON-RPC (HTTP ${status})`);
  return resultOf(answer, id);
}

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    const bytes = part as Uint8Array;
    length += bytes.length;
    if (length > LONGEST_ANSWER) throw malformed(`answer longer than ${LONGEST_ANSWER} bytes`);
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

interface Answer {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

function resultOf(answer: Answer, id: string): unknown {
  if (answer.error !== undefined) throw refusalOf(answer.error);
  if (answer.id !== id || answer.result === undefined) throw malformed('the answer is to another request');
  return answer.result;
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

function refusalOf(error: unknown): PrincipalClientError {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    message?: unknown;
  };
  const rpcCode = typeof code === 'number' ? code : RPC_ERROR_NUMBERS.INTERNAL;
  const kind =
    rpcCode === RPC_ERROR_NUMBERS.ILLEGAL_STATE
      ? 'ILLEGAL_STATE'
      : rpcCode === RPC_ERROR_NUMBERS.NOT_AUTHORISED
        ? 'NOT_AUTHORISED'
        : 'REFUSED';
  return new PrincipalClientError(
    kind,
    `principal: ${typeof message === 'string' ? message : 'refused'} (${rpcCode})`,
    { rpcCode },
  );
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw aborted();
  }
}

function malformed(what: string): PrincipalClientError {
  return new PrincipalClientError('ANSWER_MALFORMED', `principal: ${what}`);
}

function noRegistration(url: string, cause: PrincipalClientError): PrincipalClientError {
  return new PrincipalClientError(
    'NO_REGISTRATION',
    `principal ${url}: it does not admit workers by their attestation, for which it needs --policy-file`,
    { cause, rpcCode: RPC_ERROR_NUMBERS.METHOD_NOT_FOUND },
  );
}

function aborted(): PrincipalClientError {
  return new PrincipalClientError('ABORTED', 'principal: given up');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
