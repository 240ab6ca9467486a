import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  generateKeyPair,
  type KeyPair,
  open,
  randomBytes,
  seal,
  sharedKey,
  sign,
  utf8,
} from '@enigma-worker/crypto';
import {
  encodeExchangeRequest,
  type ExchangeAge,
  type ExchangeRequest,
  exchangeRequestPreimage,
  parseExchangeResponse,
  parseStateKeys,
  type StateKey,
} from '@enigma-worker/protocol';
import { type PrincipalOptions, type Sealer, startPrincipal } from '@enigma-worker/principal';
import { onTestFinished } from 'vitest';

/** A sealer whose key lives as long as the test. */
export function memorySealer(): Sealer {
  const key = randomBytes(32);
  return {
    mode: 'test',
    seal: (label, plaintext) => seal(key, plaintext, { aad: utf8(label) }),
    open: (label, sealed) => open(key, sealed, utf8(label)),
  };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'principal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A principal on a free port that ends with the test. */
export async function runPrincipal(options: Partial<PrincipalOptions> = {}) {
  const principal = await startPrincipal({
    dataDir: options.dataDir ?? (await temporaryFolder()),
    sealer: memorySealer(),
    port: 0,
    ...options,
  });
  onTestFinished(() => principal.close());
  return principal;
}

export interface Exchange {
  readonly worker: KeyPair;
  readonly exchange: KeyPair;
  readonly id: Uint8Array;
  readonly request: Uint8Array;
  readonly workerSig: Uint8Array;
}

/** What a core does for GetPTTRequest. */
export function beginExchange(
  age: ExchangeAge,
  addresses?: readonly Uint8Array[],
  worker = generateKeyPair(),
): Exchange {
  const exchange = generateKeyPair();
  const id = randomBytes(12);
  const fields: ExchangeRequest = {
    age,
    id,
    publicKey: exchange.publicKey,
    ...(addresses === undefined ? {} : { addresses }),
  };
  const request = encodeExchangeRequest(fields);
  return {
    worker,
    exchange,
    id,
    request,
    workerSig: sign(exchangeRequestPreimage(request, fields), worker.privateKey),
  };
}

/** What a core does for PTTResponse. */
export function finishExchange({ exchange }: Exchange, data: Uint8Array): StateKey[] {
  const { publicKey, envelope } = parseExchangeResponse(data);
  return parseStateKeys(open(sharedKey(exchange.privateKey, publicKey), envelope));
}

export interface RpcAnswer {
  readonly status: number;
  readonly body: { id?: unknown; result?: unknown; error?: { code: number; message: string } };
}

/** One HTTP request with any body. */
export async function post(url: string, body: string, contentType = 'application/json'): Promise<RpcAnswer> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as RpcAnswer['body'] };
}

export async function call(url: string, method: string, params: unknown): Promise<RpcAnswer['body']> {
  return (await post(url, JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }))).body;
}
