import {
  fromHex,
  keccak256,
  keyPairOf,
  lengthPrefixed,
  open,
  recoverAddress,
  seal,
} from '@enigma-worker/crypto';
import { sharedKey, sign, toHex, utf8 } from '@enigma-worker/crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeExchangeRequest,
  encodeExchangeResponse,
  encodeMsgpack,
  encodeStateKeys,
  exchangeRequestPreimage,
  type Json,
  parseExchangeMessage,
  parseExchangeRequest,
  parseExchangeResponse,
  parseStateKeys,
  ProtocolError,
} from '@enigma-worker/protocol';
import { readVectors, vectorNamed } from './vectors.js';

type Texts<K extends string> = Readonly<Record<K, string>>;

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof ProtocolError ? error.code : 'another error';
  }
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

describe('requests', () => {
  it('of the current age give the known answer', () => {
    const { inputs, outputs } = vectorNamed<
      Texts<'id' | 'pubkey'>,
      Texts<'message' | 'signed_bytes' | 'signed_hash'>
    >('ptt', 'request message, current form');
    const request = { age: 'current', id: fromHex(inputs.id), publicKey: fromHex(inputs.pubkey) } as const;
    const message = encodeExchangeRequest(request);
    expect(toHex(message)).toBe(outputs.message);
    const preimage = exchangeRequestPreimage(message, request);
    expect(toHex(preimage)).toBe(outputs.signed_bytes);
    expect(toHex(keccak256(preimage))).toBe(outputs.signed_hash);
    expect(parseExchangeRequest(message)).toEqual(request);
  });

  it('of the seed age without addresses give the known answer', () => {
    const { inputs, outputs } = vectorNamed<Texts<'id' | 'pubkey'>, Texts<'message'>>(
      'ptt',
      'request message with prefix',
    );
    const request = { age: 'seed', id: fromHex(inputs.id), publicKey: fromHex(inputs.pubkey) } as const;
    const message = encodeExchangeRequest(request);
    expect(toHex(message)).toBe(outputs.message);
    expect(parseExchangeRequest(message)).toEqual(request);
    expect(exchangeRequestPreimage(message, request)).toBe(message);
  });

  it('of the intermediate age are read', () => {
    const { inputs, outputs } = vectorNamed<Texts<'id' | 'pubkey'>, Texts<'message'>>(
      'ptt',
      'request message, intermediate form',
    );
    const request = parseExchangeRequest(fromHex(outputs.message));
    expect(request).toEqual({
      age: 'current',
      id: fromHex(inputs.id),
      publicKey: fromHex(inputs.pubkey),
    });
  });

  it('come back as they were sent', () => {
    const request = fc.oneof(
      fc.record({ age: fc.constant('current' as const), id: bytes(12), publicKey: bytes(64) }),
      fc.record(
        {
          age: fc.constant('seed' as const),
          id: bytes(12),
          publicKey: bytes(64),
          addresses: fc.array(bytes(32), { maxLength: 20 }),
        },
        { requiredKeys: ['age', 'id', 'publicKey'] },
      ),
    );
    fc.assert(
      fc.property(request, (sent) => {
        expect(parseExchangeRequest(encodeExchangeRequest(sent))).toEqual(sent);
      }),
    );
  });

  it('of the seed age carry addresses between the fields data and id, and the prefix', () => {
    const address = new Uint8Array(32).fill(7);
    const integers = (part: Uint8Array): Json => Array.from(part, (byte) => BigInt(byte));
    const message = encodeExchangeRequest({
      age: 'seed',
      id: new Uint8Array(12),
      publicKey: new Uint8Array(64),
      addresses: [address],
    });
    const expected = encodeMsgpack(
      new Map<string, Json>([
        ['data', new Map<string, Json>([['Request', [integers(address)]]])],
        ['id', integers(new Uint8Array(12))],
        ['prefix', integers(utf8('Enigma Message'))],
        ['pubkey', integers(new Uint8Array(64))],
      ]),
    );
    expect(toHex(message)).toBe(toHex(expected));
  });

  it('refuse to be made of fields of the wrong length', () => {
    const fields = { age: 'current', id: new Uint8Array(12), publicKey: new Uint8Array(64) } as const;
    expect(() => encodeExchangeRequest({ ...fields, id: new Uint8Array(11) })).toThrow(RangeError);
    expect(() => encodeExchangeRequest({ ...fields, publicKey: new Uint8Array(65) })).toThrow(RangeError);
    expect(() => encodeExchangeRequest({ ...fields, addresses: [] })).toThrow(RangeError);
    const seed = { ...fields, age: 'seed', addresses: [new Uint8Array(31)] } as const;
    expect(() => encodeExchangeRequest(seed)).toThrow(RangeError);
  });
});

describe('responses', () => {
  const { inputs, outputs } = vectorNamed<
    Texts<'key' | 'iv' | 'id' | 'pubkey'> & { keys: readonly Texts<'address' | 'stateKey'>[] },
    Texts<'plaintext_msgpack' | 'envelope' | 'message' | 'signed_bytes_to_sign_order'>
  >('ptt', 'encrypted response');
  const keys = inputs.keys.map(({ address, stateKey }) => ({
    address: fromHex(address),
    key: fromHex(stateKey),
  }));

  it('give the known answer', () => {
    const plaintext = encodeStateKeys(keys);
    expect(toHex(plaintext)).toBe(outputs.plaintext_msgpack);
    const envelope = seal(fromHex(inputs.key), plaintext, { iv: fromHex(inputs.iv) });
    expect(toHex(envelope)).toBe(outputs.envelope);
    const response = {
      age: 'current',
      id: fromHex(inputs.id),
      publicKey: fromHex(inputs.pubkey),
      envelope,
    } as const;
    const message = encodeExchangeResponse(response);
    expect(toHex(message)).toBe(outputs.message);
    expect(parseExchangeResponse(message)).toEqual(response);
    expect(parseStateKeys(open(fromHex(inputs.key), envelope))).toEqual(keys);
    expect(toHex(lengthPrefixed(envelope, response.publicKey, response.id))).toBe(
      outputs.signed_bytes_to_sign_order,
    );
  });

  it('come back as they were sent, in both ages', () => {
    const response = fc.record({
      age: fc.constantFrom('seed' as const, 'current' as const),
      id: bytes(12),
      publicKey: bytes(64),
      envelope: fc.uint8Array({ maxLength: 400 }),
    });
    fc.assert(
      fc.property(response, (sent) => {
        expect(parseExchangeResponse(encodeExchangeResponse(sent))).toEqual(sent);
      }),
    );
    const stateKeys = fc.array(fc.record({ address: bytes(32), key: bytes(32) }), { maxLength: 30 });
    fc.assert(
      fc.property(stateKeys, (sent) => {
        expect(parseStateKeys(encodeStateKeys(sent))).toEqual(sent);
      }),
    );
  });

  it('with keys that are not encrypted are refused', () => {
    const plain = vectorNamed<Texts<'message'>, unknown>('ptt', 'parser acceptance: plain Response list');
    const message = fromHex(plain.inputs.message);
    expect(parseExchangeMessage(message).data.kind).toBe('plainResponse');
    expect(codeOf(() => parseExchangeResponse(message))).toBe('EXCHANGE_INVALID');
    expect(codeOf(() => parseExchangeRequest(message))).toBe('EXCHANGE_INVALID');
  });
});

describe('a whole exchange', () => {
  it('gives the known answer at every step', () => {
    const { inputs, outputs } = vectorNamed<
      Texts<
        | 'worker_ptt_private_key'
        | 'principal_dh_private_key'
        | 'enclave_signing_key'
        | 'principal_signing_key'
        | 'message_id'
        | 'iv'
      > & { keys: readonly Texts<'address' | 'key'>[] },
      Texts<
        | 'request'
        | 'request_signed_bytes'
        | 'workerSig'
        | 'recovered_worker'
        | 'dh_key'
        | 'response_plaintext_msgpack'
        | 'envelope'
        | 'response'
        | 'principal_signature_over_keccak_of_response'
      >
    >('ptt', 'full key exchange');
    const worker = keyPairOf(fromHex(inputs.worker_ptt_private_key));
    const principal = keyPairOf(fromHex(inputs.principal_dh_private_key));
    const request = { age: 'current', id: fromHex(inputs.message_id), publicKey: worker.publicKey } as const;

    const message = encodeExchangeRequest(request);
    expect(toHex(message)).toBe(outputs.request);
    const preimage = exchangeRequestPreimage(message, request);
    expect(toHex(preimage)).toBe(outputs.request_signed_bytes);
    const workerSig = sign(preimage, fromHex(inputs.enclave_signing_key));
    expect(toHex(workerSig)).toBe(outputs.workerSig);
    expect(toHex(recoverAddress(preimage, workerSig))).toBe(outputs.recovered_worker);

    const shared = sharedKey(principal.privateKey, parseExchangeRequest(message).publicKey);
    expect(toHex(shared)).toBe(outputs.dh_key);
    const keys = inputs.keys.map(({ address, key }) => ({ address: fromHex(address), key: fromHex(key) }));
    const plaintext = encodeStateKeys(keys);
    expect(toHex(plaintext)).toBe(outputs.response_plaintext_msgpack);
    const envelope = seal(shared, plaintext, { iv: fromHex(inputs.iv) });
    expect(toHex(envelope)).toBe(outputs.envelope);
    const response = encodeExchangeResponse({ ...request, publicKey: principal.publicKey, envelope });
    expect(toHex(response)).toBe(outputs.response);
    expect(toHex(sign(response, fromHex(inputs.principal_signing_key)))).toBe(
      outputs.principal_signature_over_keccak_of_response,
    );

    const answer = parseExchangeResponse(response);
    const opened = open(sharedKey(worker.privateKey, answer.publicKey), answer.envelope);
    expect(parseStateKeys(opened)).toEqual(keys);
  });
});

describe('the parser', () => {
  const rows = readVectors<Texts<'message'>, { accepted: boolean }>('ptt').filter(({ name }) =>
    name.startsWith('parser acceptance'),
  );

  it.each(rows)('accepts and refuses as the deployed one: $name', ({ inputs, outputs }) => {
    const code = codeOf(() => parseExchangeMessage(fromHex(inputs.message)));
    expect(code).toBe(outputs.accepted ? undefined : 'EXCHANGE_INVALID');
  });

  it('never fails in another way than it says', () => {
    const valid = encodeExchangeRequest({
      age: 'seed',
      id: new Uint8Array(12),
      publicKey: new Uint8Array(64).fill(200),
      addresses: [new Uint8Array(32)],
    });
    const mutated = fc
      .tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length))
      .map(([at, byte, cut]) => {
        const copy = valid.slice(0, cut);
        if (at < cut) copy[at] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (message) => {
        expect([undefined, 'EXCHANGE_INVALID']).toContain(codeOf(() => parseExchangeMessage(message)));
        expect([undefined, 'EXCHANGE_INVALID']).toContain(codeOf(() => parseStateKeys(message)));
      }),
      { numRuns: 2000 },
    );
  });
});
