import * as fc from 'fast-check';
import { randomBytes, utf8 } from '@enigma-worker/crypto';
import { describe, expect, test } from 'vitest';
import { reseal } from '#enclave/sealing/reseal.js';
import { sealerOf } from '#enclave/sealing/sealer.js';

const newSealer = () => sealerOf('key-file', randomBytes(32));

describe('a sealer', () => {
  test('opens what it sealed, under the same label only', () => {
    const sealer = newSealer();
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 500 }), (label, secret) => {
        const sealed = sealer.seal(label, secret);
        expect(sealer.open(label, sealed)).toEqual(secret);
        expect(() => sealer.open(`${label}x`, sealed)).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
      }),
    );
  });

  test('seals the same secret differently each time', () => {
    const sealer = newSealer();
    expect(sealer.seal('a', utf8('secret'))).not.toEqual(sealer.seal('a', utf8('secret')));
  });

  test('tells another key from damage', () => {
    const sealer = newSealer();
    const sealed = sealer.seal('a', utf8('secret'));
    expect(() => newSealer().open('a', sealed)).toThrow(expect.objectContaining({ code: 'WRONG_KEY' }));
  });

  test('notices every changed bit and every cut', () => {
    const sealer = newSealer();
    const sealed = sealer.seal('a', utf8('secret'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = sealed.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => sealer.open('a', altered)).toThrow(/^sealed a: /);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => sealer.open('a', sealed.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CORRUPT' }),
      );
    }
  });

  test('refuses a later version of the format', () => {
    const sealer = newSealer();
    const sealed = sealer.seal('a', utf8('secret'));
    sealed[3] = 2;
    expect(() => sealer.open('a', sealed)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }));
  });

  test('refuses a key of another length', () => {
    expect(() => sealerOf('key-file', randomBytes(16))).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID' }),
    );
  });
});

describe('reseal', () => {
  test('moves secrets to another key, and can be run again over a store that is half done', () => {
    const [from, to] = [newSealer(), newSealer()];
    const secrets = ['a', 'b', 'c'].map((label) => ({ label, secret: randomBytes(20) }));
    const before = secrets.map(({ label, secret }) => ({ label, sealed: from.seal(label, secret) }));
    const after = reseal(before, from, to);
    expect(after.map(({ label, sealed }) => to.open(label, sealed))).toEqual(
      secrets.map(({ secret }) => secret),
    );
    for (const { label, sealed } of after) {
      expect(() => from.open(label, sealed)).toThrow(expect.objectContaining({ code: 'WRONG_KEY' }));
    }

    const halfDone = [after[0]!, ...before.slice(1)];
    const again = reseal(halfDone, from, to);
    expect(again[0]).toBe(after[0]);
    expect(again.map(({ label, sealed }) => to.open(label, sealed))).toEqual(
      secrets.map(({ secret }) => secret),
    );
  });

  test('refuses what opens under neither key', () => {
    const sealed = newSealer().seal('a', randomBytes(8));
    expect(() => reseal([{ label: 'a', sealed }], newSealer(), newSealer())).toThrow(
      expect.objectContaining({ code: 'WRONG_KEY' }),
    );
  });
});
