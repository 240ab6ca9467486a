import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '@enigma-worker/crypto';
import type { Backend } from '@enigma-worker/crypto';
import { backend as native } from '#backend/node.js';
import { backend as portable } from '#backend/portable.js';
import { vectorOf, vectorsOf } from './vectors.js';

const backends: readonly Backend[] = [native, portable];

/** The order of secp256k1. */
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';

function split(envelope: Uint8Array): { sealed: Uint8Array; iv: Uint8Array } {
  return { sealed: envelope.subarray(0, envelope.length - 12), iv: envelope.subarray(envelope.length - 12) };
}

function sealWith(
  backend: Backend,
  key: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array,
  aad?: Uint8Array,
): Uint8Array {
  const sealed = new Uint8Array(plaintext.length + 16);
  backend.aesGcmSeal(sealed, key, iv, plaintext, aad);
  return sealed;
}

describe('the backends', () => {
  it('are two, and native code is loaded here', () => {
    expect(backends.map(({ name }) => name)).toEqual(['native', 'portable']);
  });
});

describe.each(backends)('the $name backend', (backend) => {
  it.each(vectorsOf('keccak256'))('hashes as the known answer: $name', ({ inputs, outputs }) => {
    const message = fromHex(inputs['message']!);
    expect(toHex(backend.keccak256(message))).toBe(outputs['keccak256']);
    expect(toHex(backend.sha256(message))).toBe(outputs['sha256']);
  });

  it('signs and recovers as the known answer', () => {
    const { inputs, outputs } = vectorOf('ecdsa sign');
    const digest = backend.keccak256(fromHex(inputs['message']!));
    const privateKey = fromHex(inputs['private_key']!);
    expect(toHex(digest)).toBe(outputs['keccak256']);
    expect(toHex(backend.publicKey(privateKey))).toBe(outputs['public_key']);
    const signed = backend.sign(digest, privateKey);
    const [signature, recovery] = [signed.subarray(0, 64), signed[64]!];
    expect(signed).toHaveLength(65);
    expect(toHex(signature) + (27 + recovery).toString(16)).toBe(outputs['signature']);
    expect(toHex(backend.recover(digest, signature, recovery))).toBe(outputs['public_key']);
  });

  it('agrees on the shared key of the known answers', () => {
    const { inputs, outputs } = vectorOf('ecdh');
    const pairs = [
      ['private_key_a', 'public_key_b'],
      ['private_key_b', 'public_key_a'],
    ] as const;
    for (const [mine, theirs] of pairs) {
      const shared = backend.ecdh(fromHex(inputs[mine]!), fromHex(outputs[theirs]!));
      expect(toHex(shared)).toBe(outputs['shared_key']);
    }
  });

  it.each([vectorOf('ecdh (client side)'), ...vectorsOf('ecdh parity')])('$name', ({ inputs, outputs }) => {
    const shared = backend.ecdh(fromHex(inputs['private_key']!), fromHex(inputs['public_key']!));
    expect(toHex(shared)).toBe(outputs['shared_key']);
    if (outputs['shared_x'] !== undefined) {
      const compressed = fromHex(outputs['prefix']! + outputs['shared_x']);
      expect(toHex(backend.sha256(compressed))).toBe(outputs['shared_key']);
    }
  });

  it.each(vectorsOf('aes-256-gcm'))('seals and opens as the known answer: $name', ({ inputs, outputs }) => {
    const key = fromHex(inputs['key']!);
    const plaintext = fromHex(inputs['plaintext']!);
    const { sealed, iv } = split(fromHex(outputs['envelope']!));
    expect(toHex(iv)).toBe(inputs['iv']);
    expect(toHex(sealWith(backend, key, iv, plaintext))).toBe(toHex(sealed));
    expect(toHex(backend.aesGcmOpen(key, iv, sealed))).toBe(inputs['plaintext']);
  });

  it('authenticates messages as RFC 4231 does', () => {
    const tag = backend.hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?'));
    expect(toHex(tag)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });

  it('knows which numbers are private keys', () => {
    const one = fromHex('00'.repeat(31) + '01');
    const last = fromHex(ORDER);
    expect(backend.isPrivateKey(one)).toBe(true);
    expect(backend.isPrivateKey(new Uint8Array(32))).toBe(false);
    expect(backend.isPrivateKey(last)).toBe(false);
    last[31]!--;
    expect(backend.isPrivateKey(last)).toBe(true);
    expect(backend.isPrivateKey(new Uint8Array(32).fill(0xff))).toBe(false);
  });

  it('throws when a point is not on the curve, or no key could have signed', () => {
    const one = fromHex('00'.repeat(31) + '01');
    expect(() => backend.ecdh(one, new Uint8Array(64))).toThrow();
    expect(() => backend.ecdh(one, new Uint8Array(64).fill(0xff))).toThrow();
    expect(() => backend.recover(new Uint8Array(32), new Uint8Array(64), 0)).toThrow();
    expect(() => backend.recover(new Uint8Array(32), new Uint8Array(64).fill(0xff), 0)).toThrow();
  });

  it('throws when anything about an envelope is different', () => {
    const key = new Uint8Array(32).fill(1);
    const iv = new Uint8Array(12).fill(2);
    const aad = utf8('label');
    const sealed = sealWith(backend, key, iv, utf8('secret'), aad);
    expect(backend.aesGcmOpen(key, iv, sealed, aad)).toEqual(utf8('secret'));
    expect(() => backend.aesGcmOpen(key, iv, sealed)).toThrow();
    expect(() => backend.aesGcmOpen(key, iv, sealed, utf8('other'))).toThrow();
    expect(() => backend.aesGcmOpen(new Uint8Array(32), iv, sealed, aad)).toThrow();
    expect(() => backend.aesGcmOpen(key, new Uint8Array(12), sealed, aad)).toThrow();
    for (let i = 0; i < sealed.length; i++) {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === i ? byte ^ 1 : byte));
      expect(() => backend.aesGcmOpen(key, iv, changed, aad)).toThrow();
    }
  });

  it('fills any length with bytes that differ', () => {
    for (const length of [12, 32, 256, 257, 8192, 70_000]) {
      const first = new Uint8Array(length);
      const second = new Uint8Array(length);
      backend.randomFill(first);
      backend.randomFill(second);
      expect(toHex(first)).not.toBe(toHex(second));
      expect(first.subarray(-8).some((byte) => byte !== 0)).toBe(true);
    }
    backend.randomFill(new Uint8Array(0));
  });
});

describe('both backends', () => {
  const bytes = fc.uint8Array({ maxLength: 400 });
  const privateKey = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .filter((key) => portable.isPrivateKey(key));
  const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length });

  it('hash alike', () => {
    fc.assert(
      fc.property(bytes, bytes, (key, data) => {
        expect(native.keccak256(data)).toEqual(portable.keccak256(data));
        expect(native.sha256(data)).toEqual(portable.sha256(data));
        expect(native.hmacSha256(key, data)).toEqual(portable.hmacSha256(key, data));
      }),
    );
  });

  it('sign, recover and agree alike', () => {
    fc.assert(
      fc.property(privateKey, privateKey, exactly(32), (mine, theirs, digest) => {
        const signed = native.sign(digest, mine);
        expect(portable.sign(digest, mine)).toEqual(signed);
        const publicKey = native.publicKey(mine);
        expect(portable.publicKey(mine)).toEqual(publicKey);
        expect(native.recover(digest, signed.subarray(0, 64), signed[64]!)).toEqual(publicKey);
        expect(portable.recover(digest, signed.subarray(0, 64), signed[64]!)).toEqual(publicKey);
        const shared = native.ecdh(theirs, publicKey);
        expect(portable.ecdh(theirs, publicKey)).toEqual(shared);
        expect(native.ecdh(mine, native.publicKey(theirs))).toEqual(shared);
      }),
      { numRuns: 15 },
    );
  });

  it('seal alike, and open what the other sealed', () => {
    fc.assert(
      fc.property(
        exactly(32),
        exactly(12),
        bytes,
        fc.option(bytes, { nil: undefined }),
        (key, iv, plaintext, aad) => {
          const sealed = sealWith(native, key, iv, plaintext, aad);
          expect(sealWith(portable, key, iv, plaintext, aad)).toEqual(sealed);
          expect(native.aesGcmOpen(key, iv, sealed, aad)).toEqual(plaintext);
          expect(portable.aesGcmOpen(key, iv, sealed, aad)).toEqual(plaintext);
        },
      ),
    );
  });
});
