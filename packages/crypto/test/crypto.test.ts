import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  CryptoError,
  ENVELOPE_OVERHEAD,
  fromHex,
  generateKeyPair,
  hkdfSha256,
  keyPairOf,
  open,
  recoverAddress,
  recoverPublicKey,
  seal,
  sharedKey,
  sign,
  signDigest,
  signParts,
  toHex,
} from '@enigma-worker/crypto';
import { vectorOf, vectorsOf } from './vectors.js';

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof CryptoError ? error.code : 'another error';
  }
}

const key = new Uint8Array(32).fill(1);

describe('signatures', () => {
  const { inputs, outputs } = vectorOf('ecdsa sign');
  const message = fromHex(inputs['message']!);
  const pair = keyPairOf(fromHex(inputs['private_key']!));

  it('give the known answer', () => {
    const signature = sign(message, pair.privateKey);
    expect(toHex(signature)).toBe(outputs['signature']);
    expect(toHex(signDigest(fromHex(outputs['keccak256']!), pair.privateKey))).toBe(outputs['signature']);
    expect(toHex(pair.publicKey)).toBe(outputs['public_key']);
    expect(toHex(addressOf(pair.publicKey))).toBe(outputs['address']);
    expect(toHex(recoverPublicKey(message, signature))).toBe(outputs['public_key']);
    expect(toHex(recoverAddress(message, signature))).toBe(outputs['address']);
  });

  it('over parts are signatures over their length-prefixed concatenation', () => {
    const { inputs: parts, outputs: joined } = vectorOf('length-prefixed');
    const list = (parts['parts'] as unknown as readonly string[]).map(fromHex);
    const signature = signParts(pair.privateKey, ...list);
    expect(toHex(signature)).toBe(toHex(sign(fromHex(joined['bytes']!), pair.privateKey)));
    expect(toHex(signature)).toBe(toHex(signDigest(fromHex(joined['keccak256']!), pair.privateKey)));
  });

  it('recover another signer when the message differs', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (signed, other) => {
        const signature = sign(signed, pair.privateKey);
        const same = toHex(signed) === toHex(other);
        const signer = toHex(recoverAddress(signed, signature));
        expect(signer).toBe(outputs['address']);
        if (!same) expect(toHex(recoverAddress(other, signature))).not.toBe(signer);
      }),
      { numRuns: 30 },
    );
  });

  it('of the wrong shape are refused with a code', () => {
    const signature = sign(message, pair.privateKey);
    expect(codeOf(() => recoverPublicKey(message, signature.subarray(1)))).toBe('INVALID_LENGTH');
    for (const v of [0, 1, 26, 31, 255]) {
      const changed = signature.slice();
      changed[64] = v;
      expect(codeOf(() => recoverPublicKey(message, changed))).toBe('INVALID_SIGNATURE');
    }
    const zeros = new Uint8Array(65);
    zeros[64] = 27;
    expect(codeOf(() => recoverPublicKey(message, zeros))).toBe('INVALID_SIGNATURE');
    expect(codeOf(() => sign(message, new Uint8Array(31)))).toBe('INVALID_LENGTH');
    expect(codeOf(() => signDigest(new Uint8Array(31), key))).toBe('INVALID_LENGTH');
  });
});

describe('key pairs', () => {
  it('are random and usable', () => {
    const first = generateKeyPair();
    const second = generateKeyPair();
    expect(toHex(first.privateKey)).not.toBe(toHex(second.privateKey));
    expect(toHex(sharedKey(first.privateKey, second.publicKey))).toBe(
      toHex(sharedKey(second.privateKey, first.publicKey)),
    );
    expect(toHex(keyPairOf(first.privateKey).publicKey)).toBe(toHex(first.publicKey));
  });

  it('are refused with a code when they are none', () => {
    expect(codeOf(() => keyPairOf(new Uint8Array(31)))).toBe('INVALID_LENGTH');
    expect(codeOf(() => keyPairOf(new Uint8Array(32)))).toBe('INVALID_PRIVATE_KEY');
    expect(codeOf(() => keyPairOf(new Uint8Array(32).fill(0xff)))).toBe('INVALID_PRIVATE_KEY');
    expect(codeOf(() => addressOf(new Uint8Array(65)))).toBe('INVALID_LENGTH');
    expect(codeOf(() => sharedKey(key, new Uint8Array(65)))).toBe('INVALID_LENGTH');
    expect(codeOf(() => sharedKey(new Uint8Array(16), new Uint8Array(64)))).toBe('INVALID_LENGTH');
    expect(codeOf(() => sharedKey(key, new Uint8Array(64).fill(9)))).toBe('INVALID_PUBLIC_KEY');
    expect(codeOf(() => sharedKey(new Uint8Array(32), generateKeyPair().publicKey))).toBe(
      'INVALID_PUBLIC_KEY',
    );
  });
});

describe('envelopes', () => {
  it.each(vectorsOf('aes-256-gcm'))('give the known answer: $name', ({ inputs, outputs }) => {
    const secret = fromHex(inputs['key']!);
    const envelope = seal(secret, fromHex(inputs['plaintext']!), { iv: fromHex(inputs['iv']!) });
    expect(toHex(envelope)).toBe(outputs['envelope']);
    expect(toHex(open(secret, envelope))).toBe(inputs['plaintext']);
  });

  it('open what they sealed, never with the same bytes twice', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.option(fc.uint8Array(), { nil: undefined }), (plaintext, aad) => {
        const options = aad === undefined ? {} : { aad };
        const envelope = seal(key, plaintext, options);
        expect(envelope.length).toBe(plaintext.length + ENVELOPE_OVERHEAD);
        expect(open(key, envelope, aad)).toEqual(plaintext);
        expect(toHex(seal(key, plaintext, options))).not.toBe(toHex(envelope));
      }),
    );
  });

  it('stand behind the prefix they are given', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (plaintext, prefix) => {
        const bytes = seal(key, plaintext, { prefix, aad: prefix });
        expect(bytes.subarray(0, prefix.length)).toEqual(prefix);
        expect(open(key, bytes.subarray(prefix.length), prefix)).toEqual(plaintext);
      }),
    );
  });

  it('that do not open are refused with the code of the deployed system', () => {
    const envelope = seal(key, new Uint8Array(5), { aad: Uint8Array.of(1) });
    expect(codeOf(() => open(key, new Uint8Array(0)))).toBe('IMPROPER_ENCRYPTION');
    expect(codeOf(() => open(key, new Uint8Array(11)))).toBe('IMPROPER_ENCRYPTION');
    expect(codeOf(() => open(key, new Uint8Array(12)))).toBe('DECRYPTION_FAILED');
    expect(codeOf(() => open(key, new Uint8Array(27)))).toBe('DECRYPTION_FAILED');
    expect(codeOf(() => open(key, new Uint8Array(28)))).toBe('DECRYPTION_FAILED');
    expect(codeOf(() => open(key, envelope))).toBe('DECRYPTION_FAILED');
    expect(codeOf(() => open(new Uint8Array(32), envelope, Uint8Array.of(1)))).toBe('DECRYPTION_FAILED');
    expect(codeOf(() => open(new Uint8Array(16), envelope))).toBe('INVALID_LENGTH');
    expect(codeOf(() => seal(new Uint8Array(33), envelope))).toBe('INVALID_LENGTH');
    expect(codeOf(() => seal(key, envelope, { iv: new Uint8Array(16) }))).toBe('INVALID_LENGTH');
  });
});

describe('key derivation', () => {
  it('gives the answers of RFC 5869, cut to 32 bytes', () => {
    const first = hkdfSha256(
      new Uint8Array(22).fill(0x0b),
      fromHex('000102030405060708090a0b0c'),
      fromHex('f0f1f2f3f4f5f6f7f8f9'),
    );
    expect(toHex(first)).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf');
    const withoutSalt = hkdfSha256(new Uint8Array(22).fill(0x0b), new Uint8Array(0), new Uint8Array(0));
    expect(toHex(withoutSalt)).toBe('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d');
  });
});
