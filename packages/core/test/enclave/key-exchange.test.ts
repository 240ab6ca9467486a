import {
  addressOf,
  generateKeyPair,
  type KeyPair,
  randomBytes,
  recoverAddress,
  seal,
  sharedKey,
  sign,
} from '@enigma-worker/crypto';
import {
  encodeExchangeResponse,
  encodeStateKeys,
  exchangeRequestPreimage,
  parseExchangeRequest,
  type StateKey,
} from '@enigma-worker/protocol';
import { describe, expect, it } from 'vitest';
import type { ExchangeOffer } from '#enclave/enclave.js';
import { KeyExchange, type KeyExchangeOptions } from '#enclave/key-exchange.js';

const worker = generateKeyPair();
const principal = generateKeyPair();
const keys: StateKey[] = [{ address: randomBytes(32), key: randomBytes(32) }];

function exchange(options: Partial<KeyExchangeOptions> = {}, now?: () => number): KeyExchange {
  const principalAddress = addressOf(principal.publicKey);
  return new KeyExchange(
    { maxExchanges: 10, exchangeLifetimeMs: 1000, principalAddress, ...options },
    worker.privateKey,
    now,
  );
}

/** What the principal makes of a request. */
function answer(
  { request }: ExchangeOffer,
  signer: KeyPair = principal,
): { response: Uint8Array; sig: Uint8Array } {
  const { id, publicKey, age } = parseExchangeRequest(request);
  const own = generateKeyPair();
  const envelope = seal(sharedKey(own.privateKey, publicKey), encodeStateKeys(keys));
  const response = encodeExchangeResponse({ age, id, publicKey: own.publicKey, envelope });
  return { response, sig: sign(response, signer.privateKey) };
}

describe('the key exchange', () => {
  it.each([
    ['the seed', [randomBytes(32), randomBytes(32)]],
    ['today', undefined],
  ])('asks and is answered in the age of %s', (_, addresses) => {
    const own = exchange();
    const offer = own.request(addresses);
    const parsed = parseExchangeRequest(offer.request);
    expect(parsed.age).toBe(addresses === undefined ? 'current' : 'seed');
    expect(parsed.addresses).toEqual(addresses);
    const preimage = exchangeRequestPreimage(offer.request, parsed);
    expect(recoverAddress(preimage, offer.workerSig)).toEqual(addressOf(worker.publicKey));
    const { response, sig } = answer(offer);
    expect(own.open(response, sig).keys).toEqual(keys);
  });

  it('refuses each attack by its own code, and is not spoilt by it', () => {
    const own = exchange();
    const offer = own.request();
    const { response, sig } = answer(offer);
    const code = (message: Uint8Array, signature?: Uint8Array): string => {
      try {
        own.open(message, signature);
      } catch (error) {
        const { code: refusal, message: text } = error as { code: string; message: string };
        expect(text).toMatch(/^Error inside the Enclave = \(KeysError\): /);
        return refusal;
      }
      return 'accepted';
    };
    const resigned = (message: Uint8Array): string => code(message, sign(message, principal.privateKey));

    expect(code(response)).toBe('EXCHANGE_UNSIGNED');
    expect(code(response, answer(offer, generateKeyPair()).sig)).toBe('EXCHANGE_FOREIGN');
    expect(code(response, new Uint8Array(65))).toBe('EXCHANGE_FOREIGN');
    expect(code(response, new Uint8Array(3))).toBe('EXCHANGE_FOREIGN');
    const tampered = response.slice();
    tampered[20]! ^= 1;
    expect(code(tampered, sig)).toBe('EXCHANGE_FOREIGN');
    expect(resigned(randomBytes(100))).toBe('EXCHANGE_MALFORMED');
    expect(resigned(response.subarray(0, 40))).toBe('EXCHANGE_MALFORMED');
    expect(resigned(answer(exchange().request()).response)).toBe('EXCHANGE_UNKNOWN');

    const { id, publicKey } = parseExchangeRequest(offer.request);
    const envelope = seal(randomBytes(32), encodeStateKeys(keys));
    expect(
      resigned(
        encodeExchangeResponse({ age: 'current', id, publicKey: generateKeyPair().publicKey, envelope }),
      ),
    ).toBe('EXCHANGE_UNREADABLE');
    expect(
      resigned(encodeExchangeResponse({ age: 'current', id, publicKey: new Uint8Array(64), envelope })),
    ).toBe('EXCHANGE_UNREADABLE');
    const own2 = generateKeyPair();
    const rubbish = seal(sharedKey(own2.privateKey, publicKey), randomBytes(40));
    expect(
      resigned(encodeExchangeResponse({ age: 'current', id, publicKey: own2.publicKey, envelope: rubbish })),
    ).toBe('EXCHANGE_MALFORMED');

    expect(code(response, sig)).toBe('accepted');
    own.finish(own.open(response, sig).id);
    expect(code(response, sig)).toBe('EXCHANGE_REPLAYED');
  });

  it('expires, and keeps a bounded number of requests', () => {
    let now = 0;
    const own = exchange({ maxExchanges: 2 }, () => now);
    const first = answer(own.request());
    const second = answer(own.request());
    own.request();
    expect(own.size).toBe(2);
    expect(() => own.open(first.response, first.sig)).toThrow(
      expect.objectContaining({ code: 'EXCHANGE_UNKNOWN' }),
    );
    now = 1000;
    expect(() => own.open(second.response, second.sig)).toThrow(
      expect.objectContaining({ code: 'EXCHANGE_EXPIRED' }),
    );
  });

  it('takes answers of anybody when no principal is named', () => {
    const defaults = { maxExchanges: 10, exchangeLifetimeMs: 1000 };
    const own = new KeyExchange(defaults, worker.privateKey);
    const { response } = answer(own.request(), generateKeyPair());
    expect(own.open(response, undefined).keys).toEqual(keys);
  });
});
