import { fromHex, keccak256, sharedKey, sign, toHex } from '@enigma-worker/crypto';
import { describe, expect, it } from 'vitest';
import { encodeMsgpack, taskKeyPreimage, taskKeySigner, verifyTaskKey } from '@enigma-worker/protocol';
import { vectorNamed } from './vectors.js';

const { inputs, outputs } = vectorNamed<
  Record<'worker_io_private_key' | 'user_private_key' | 'user_pub_key' | 'enclave_signing_key', string>,
  Record<
    | 'workerEncryptionKey'
    | 'user_message_msgpack'
    | 'signed_bytes'
    | 'signed_hash'
    | 'workerSig'
    | 'recovered_address'
    | 'io_key',
    string
  >
>('user_message', 'NewTaskEncryptionKey');

const key = fromHex(outputs.workerEncryptionKey);
const signature = fromHex(outputs.workerSig);
const signer = fromHex(outputs.recovered_address);

describe('task keys', () => {
  it('are signed as the known answer is', () => {
    const preimage = taskKeyPreimage(key);
    expect(toHex(preimage)).toBe(outputs.signed_bytes);
    expect(toHex(keccak256(preimage))).toBe(outputs.signed_hash);
    expect(toHex(sign(preimage, fromHex(inputs.enclave_signing_key)))).toBe(outputs.workerSig);
  });

  it('tell which worker made them', () => {
    expect(toHex(taskKeySigner(key, signature))).toBe(outputs.recovered_address);
    expect(verifyTaskKey(key, signature, signer)).toBe(true);
    expect(verifyTaskKey(key, signature, new Uint8Array(20))).toBe(false);
    expect(verifyTaskKey(fromHex(inputs.user_pub_key), signature, signer)).toBe(false);
    expect(verifyTaskKey(key, signature.subarray(0, 64), signer)).toBe(false);
  });

  it('give both sides the same key', () => {
    expect(toHex(sharedKey(fromHex(inputs.user_private_key), key))).toBe(outputs.io_key);
    expect(toHex(sharedKey(fromHex(inputs.worker_io_private_key), fromHex(inputs.user_pub_key)))).toBe(
      outputs.io_key,
    );
  });

  it('have the form that the deployed enclave gave its host', () => {
    const message = encodeMsgpack(new Map([['pubkey', Array.from(key, (byte) => BigInt(byte))]]));
    expect(toHex(message)).toBe(outputs.user_message_msgpack);
  });
});
