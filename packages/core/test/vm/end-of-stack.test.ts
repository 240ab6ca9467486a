import { createDecipheriv, type DecipherGCM } from 'node:crypto';
import { seal, utf8 } from '@enigma-worker/crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { deriveStateKeys } from '#enclave/state/keys.js';
import { openValue, sealValue } from '#enclave/state/sealed-value.js';
import { decrypt } from '#vm/host/decrypt.js';
import { readStateLen } from '#vm/host/read-state-len.js';
import { writeState } from '#vm/host/write-state.js';
import { hostInCall, place } from './support/host.js';

// Where the machine's stack ends depends on what V8 has compiled: these let it end at one place, as it may there.
const endOfStack = (): never => {
  throw new RangeError('Maximum call stack size exceeded');
};

// The class itself is not exported.
const deciphers = Object.getPrototypeOf(
  createDecipheriv('aes-256-gcm', new Uint8Array(32), new Uint8Array(12)),
) as DecipherGCM;

afterEach(() => vi.restoreAllMocks());

it('takes no key for the empty one because the stack ended while it was read', () => {
  const { host, memory } = hostInCall({ state: new Map([['key', '1234567']]) });
  const [[at, length]] = place(memory, 0, 'key') as [[number, number]];
  vi.spyOn(TextDecoder.prototype, 'decode').mockImplementationOnce(endOfStack);
  expect(() => readStateLen(host, at, length)).toThrow(RangeError);
  expect(readStateLen(host, at, length)).toBe(7);
});

it('does not say of a value that it is not UTF-8 because the stack ended while it was read', () => {
  const { host, memory } = hostInCall();
  const [[at, length]] = place(memory, 100, '"text"') as [[number, number]];
  // The first is for the key, which is empty.
  const decode = vi.spyOn(TextDecoder.prototype, 'decode').mockReturnValueOnce('');
  decode.mockImplementationOnce(endOfStack);
  expect(() => writeState(host, 0, 0, at, length)).toThrow(RangeError);
});

it('does not say of an envelope that it does not open because the stack ended while it was opened', () => {
  const { host, memory } = hostInCall();
  const envelope = seal(new Uint8Array(32), utf8('text'));
  memory.set(envelope, 100);
  vi.spyOn(deciphers, 'update').mockImplementationOnce(endOfStack);
  expect(() => decrypt(host, 100, envelope.length, 0, 200)).toThrow(RangeError);
});

it('does not say of a stored value that it is damaged because the stack ended while it was opened', () => {
  const keys = deriveStateKeys(new Uint8Array(32));
  const where = { address: new Uint8Array(32), stateId: new Uint8Array(16), tag: new Uint8Array(16) };
  const value = { name: 'key', text: '7', version: 1 };
  const sealed = sealValue(keys, where, value);
  vi.spyOn(deciphers, 'update').mockImplementationOnce(endOfStack);
  expect(() => openValue(keys, where, sealed)).toThrow(RangeError);
  expect(openValue(keys, where, sealed)).toEqual(value);
});
