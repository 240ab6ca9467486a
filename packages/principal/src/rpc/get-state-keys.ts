import {
  addressOf,
  CryptoError,
  equalBytes,
  generateKeyPair,
  recoverPublicKey,
  seal,
  sharedKey,
  sign,
  toHex,
} from '@enigma-worker/crypto';
import {
  DEFAULT_LIMITS,
  encodeExchangeResponse,
  encodeStateKeys,
  encodeStateKeysResult,
  type ExchangeRequest,
  exchangeRequestPreimage,
  parseExchangeRequest,
  parseStateKeysParams,
  ProtocolError,
  type StateKeysParams,
} from '@enigma-worker/protocol';
import type { Admission } from '../authorisation/admission.js';
import type { Assignment } from '../authorisation/assignment.js';
import type { Logger } from '@enigma-worker/host';
import type { ContractBook } from '../secrets/contract-book.js';
import { deriveStateKey } from '../secrets/state-key.js';
import type { Secrets } from '../secrets/vault.js';
import { RpcError } from './errors.js';
import type { RpcMethod } from './server.js';

/** What getStateKeys works with. */
export interface StateKeysModules {
  readonly secrets: Secrets;
  readonly book: ContractBook;
  readonly admission: Admission;
  readonly assignment: Assignment;
  /** Called before a decision: brings what it is based on up to date. */
  readonly refresh: () => Promise<void>;
  readonly keysGiven: (count: number) => void;
  readonly log: Logger;
}

/**
 * Gives a worker the state keys of its contracts, sealed for the key in its signed request. A request
 * that names contracts gets all of them or is refused; one that names none gets what is its own.
 * Source: docs/protocol.md, "Principal node JSON-RPC".
 */
export function getStateKeys(modules: StateKeysModules): RpcMethod {
  return async (json) => {
    const params = read(() => parseStateKeysParams(json));
    const request = read(() => parseExchangeRequest(params.data));
    const worker = signerOf(params, request);
    await modules.refresh();
    const contracts = await contractsFor(
      worker,
      namedContracts(params, request),
      params.blockNumber,
      modules,
    );
    const response = await answer(request, contracts, modules);
    modules.keysGiven(contracts.length);
    modules.log.info(
      { worker: toHex(worker), contracts: contracts.length, age: request.age },
      'state keys given out',
    );
    return encodeStateKeysResult({ data: response, sig: sign(response, modules.secrets.signing.privateKey) });
  };
}

/** The signing address of the worker that made the request. */
function signerOf({ data, sig }: StateKeysParams, request: ExchangeRequest): Uint8Array {
  try {
    return addressOf(recoverPublicKey(exchangeRequestPreimage(data, request), sig));
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new RpcError('NOT_AUTHORISED', `sig: ${error.message}`);
  }
}

/**
 * The contracts that the request names: in the seed's age inside the signed message, else beside it.
 * Where both are, a relay must not have altered what the worker signed.
 */
function namedContracts(
  params: StateKeysParams,
  request: ExchangeRequest,
): readonly Uint8Array[] | undefined {
  const { addresses: signed } = request;
  const { addresses: beside } = params;
  if (signed !== undefined && beside !== undefined && !equalLists(signed, beside)) {
    throw new RpcError('INVALID_PARAMS', 'addresses: not those of the signed message');
  }
  const named = signed ?? beside;
  if (named !== undefined && named.length > DEFAULT_LIMITS.listItems) throw tooMany(named.length);
  return named;
}

async function contractsFor(
  worker: Uint8Array,
  named: readonly Uint8Array[] | undefined,
  block: bigint | undefined,
  { admission, assignment, book }: StateKeysModules,
): Promise<readonly Uint8Array[]> {
  // Nothing is asked for, so nothing has to be allowed.
  if (named?.length === 0) return [];
  const admitted = await admission.admits(worker);
  if (named === undefined) {
    if (!admitted) return [];
    const known = Array.from(book.entries(), ({ address }) => address);
    const own = assignment.contractsOf(worker, known, block);
    if (own.length > DEFAULT_LIMITS.listItems) {
      const most = DEFAULT_LIMITS.listItems;
      throw new RpcError(
        'INVALID_PARAMS',
        `addresses: the worker has ${own.length} contracts, and an answer brings keys of ${most} at most: name some at a time`,
      );
    }
    return own;
  }
  if (!admitted) throw new RpcError('NOT_AUTHORISED', `worker ${toHex(worker)} is not authorised`);
  const own = assignment.contractsOf(worker, named, block);
  if (own.length !== named.length) {
    const missing = named.find((contract) => !own.includes(contract));
    throw new RpcError('NOT_AUTHORISED', `worker ${toHex(worker)} may not run contract ${toHex(missing!)}`);
  }
  return named;
}

async function answer(
  request: ExchangeRequest,
  contracts: readonly Uint8Array[],
  { secrets, book }: StateKeysModules,
): Promise<Uint8Array> {
  const { generations } = secrets;
  // Fresh for each answer: who learns one key pair later opens one answer.
  const exchange = generateKeyPair();
  const secret = sharedSecret(exchange.privateKey, request.publicKey);
  const entered = await book.enter(contracts, generations.length - 1);
  const keys = contracts.map((address, index) => {
    const generation = entered[index]!;
    const master = generations[generation];
    if (master === undefined)
      throw new Error(`contract of generation ${generation}, which this principal does not have`);
    return { address, key: deriveStateKey(master, generation, address) };
  });
  const envelope = seal(secret, encodeStateKeys(keys));
  return encodeExchangeResponse({
    age: request.age,
    id: request.id,
    publicKey: exchange.publicKey,
    envelope,
  });
}

function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return sharedKey(privateKey, publicKey);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new RpcError('INVALID_PARAMS', `data: ${error.message}`);
  }
}

function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new RpcError('INVALID_PARAMS', error.message);
  }
}

function equalLists(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((item, index) => equalBytes(item, b[index]!));
}

function tooMany(count: number): RpcError {
  return new RpcError(
    'INVALID_PARAMS',
    `addresses: expected at most ${DEFAULT_LIMITS.listItems}, got ${count}; name fewer at a time`,
  );
}
