import {
  CryptoError,
  equalBytes,
  generateKeyPair,
  open,
  randomBytes,
  recoverAddress,
  sharedKey,
  sign,
  toHex,
} from '@enigma-worker/crypto';
import {
  encodeExchangeRequest,
  type ExchangeRequest,
  exchangeRequestPreimage,
  type ExchangeResponse,
  parseExchangeResponse,
  parseStateKeys,
  ProtocolError,
  type StateKey,
} from '@enigma-worker/protocol';
import type { ExchangeOffer } from './enclave.js';
import { EnclaveError, type EnclaveErrorCode, insideEnclave } from './errors.js';

/** Bounds of the exchanges under way, and whose answers are taken. */
export interface KeyExchangeOptions {
  /** How many exchanges may be pending; the oldest goes when there are more. */
  readonly maxExchanges: number;
  /** How long an exchange may be answered, in milliseconds. */
  readonly exchangeLifetimeMs: number;
  /** The principal's address, 20 bytes; without it answers are not authenticated. */
  readonly principalAddress?: Uint8Array;
}

interface Pending {
  readonly privateKey: Uint8Array;
  readonly expires: number;
}

const ID_LENGTH = 12;

/**
 * The worker's side of the exchange with the principal node, from which state keys come. The key of
 * each exchange serves for one answer.
 * Source: docs/protocol.md, "Key exchange".
 */
export class KeyExchange {
  readonly #options: KeyExchangeOptions;
  readonly #signingKey: Uint8Array;
  readonly #now: () => number;
  /** By message id, oldest first. */
  readonly #pending = new Map<string, Pending>();
  /** Ids that were answered, so that a replay is called by its name. */
  readonly #answered = new Set<string>();

  constructor(
    options: KeyExchangeOptions,
    signingKey: Uint8Array,
    now: () => number = () => performance.now(),
  ) {
    this.#options = options;
    this.#signingKey = signingKey;
    this.#now = now;
  }

  /** How many exchanges are pending. */
  get size(): number {
    return this.#pending.size;
  }

  /** A request: of the seed's age when it names addresses, else of the current one. */
  request(addresses?: readonly Uint8Array[]): ExchangeOffer {
    const { privateKey, publicKey } = generateKeyPair();
    const id = randomBytes(ID_LENGTH);
    const fields: ExchangeRequest =
      addresses === undefined ? { age: 'current', id, publicKey } : { age: 'seed', id, publicKey, addresses };
    const request = encodeExchangeRequest(fields);
    const workerSig = sign(exchangeRequestPreimage(request, fields), this.#signingKey);
    this.#pending.set(toHex(id), { privateKey, expires: this.#now() + this.#options.exchangeLifetimeMs });
    trim(this.#pending, this.#options.maxExchanges);
    return { request, workerSig };
  }

  /**
   * The state keys in an answer. What is refused leaves the exchange pending, so that nobody can spoil
   * it by sending rubbish; {@link finish} ends it once the keys are safe.
   * @throws EnclaveError with a code that begins with `EXCHANGE`
   */
  open(
    message: Uint8Array,
    signature: Uint8Array | undefined,
  ): { readonly id: string; readonly keys: StateKey[] } {
    this.#authenticate(message, signature);
    const response = parse(message, parseExchangeResponse);
    const id = toHex(response.id);
    const plaintext = decrypt(this.#pendingKey(id), response);
    return { id, keys: parse(plaintext, parseStateKeys) };
  }

  /** Ends an exchange: its key is forgotten. */
  finish(id: string): void {
    this.#pending.get(id)?.privateKey.fill(0);
    if (!this.#pending.delete(id)) return;
    this.#answered.add(id);
    trim(this.#answered, this.#options.maxExchanges);
  }

  /** Forgets all pending exchanges. */
  clear(): void {
    for (const { privateKey } of this.#pending.values()) privateKey.fill(0);
    this.#pending.clear();
  }

  #authenticate(message: Uint8Array, signature: Uint8Array | undefined): void {
    const { principalAddress } = this.#options;
    if (principalAddress === undefined) return;
    if (signature === undefined) {
      throw refusal(
        'EXCHANGE_UNSIGNED',
        'the response has no sig, and this worker takes keys only from its principal node',
      );
    }
    if (!signedBy(message, signature, principalAddress)) {
      throw refusal('EXCHANGE_FOREIGN', 'the response is not signed by the principal node of this worker');
    }
  }

  #pendingKey(id: string): Uint8Array {
    const pending = this.#pending.get(id);
    if (pending === undefined) {
      throw this.#answered.has(id)
        ? refusal('EXCHANGE_REPLAYED', 'the response was used before')
        : refusal('EXCHANGE_UNKNOWN', 'no request with the id of this response is pending');
    }
    if (pending.expires <= this.#now()) {
      throw refusal('EXCHANGE_EXPIRED', 'the request that this response answers has expired');
    }
    return pending.privateKey;
  }
}

function decrypt(privateKey: Uint8Array, response: ExchangeResponse): Uint8Array {
  try {
    return open(sharedKey(privateKey, response.publicKey), response.envelope);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw refusal(
      'EXCHANGE_UNREADABLE',
      'the response does not decrypt: it is damaged, or was made for another request',
    );
  }
}

function parse<T>(bytes: Uint8Array, read: (bytes: Uint8Array) => T): T {
  try {
    return read(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw refusal('EXCHANGE_MALFORMED', error.message);
  }
}

function signedBy(message: Uint8Array, signature: Uint8Array, address: Uint8Array): boolean {
  try {
    return equalBytes(recoverAddress(message, signature), address);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function refusal(code: EnclaveErrorCode, detail: string): EnclaveError {
  return new EnclaveError(code, insideEnclave('KeysError', detail));
}

/** Drops the oldest entries until at most `size` are left. */
function trim(entries: Map<string, unknown> | Set<string>, size: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= size) break;
    entries.delete(oldest);
  }
}
