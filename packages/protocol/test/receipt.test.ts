import { addressOf, fromHex, keccak256, keyPairOf, lengthPrefixed, sign, toHex } from '@enigma-worker/crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  computeFailureReceipt,
  computeReceipt,
  deployFailureReceipt,
  deployReceipt,
  inputsHash,
  receiptSigner,
  taskId,
  verifyReceipt,
} from '@enigma-worker/protocol';
import { readVectors, vectorNamed } from './vectors.js';

interface ReceiptInputs {
  readonly private_key: string;
  readonly inputsHash: string;
  readonly exe_code_keccak256: string;
  readonly previous_delta_hash: string;
  readonly delta_hash: string;
  readonly output_keccak256: string;
  readonly gasLimit: number | string;
  readonly usedGas: number | string;
  readonly ethereumPayload: string;
  readonly ethereumAddress: string;
}

interface ReceiptOutputs {
  readonly signed_bytes: string;
  readonly signed_hash: string;
  readonly signature: string;
}

function encodeReceipt(name: string, inputs: ReceiptInputs): Uint8Array {
  const failure = {
    inputsHash: fromHex(inputs.inputsHash),
    gasLimit: BigInt(inputs.gasLimit),
    usedGas: BigInt(inputs.usedGas),
  };
  if (name.includes('deploy failure')) return deployFailureReceipt(failure);
  const computeFailure = { ...failure, codeHash: fromHex(inputs.exe_code_keccak256) };
  if (name.includes('compute failure')) return computeFailureReceipt(computeFailure);
  const deployment = {
    ...computeFailure,
    deltaHash: fromHex(inputs.delta_hash),
    ethereumPayload: fromHex(inputs.ethereumPayload),
    ethereumAddress: fromHex(inputs.ethereumAddress),
  };
  if (name.includes('deploy success')) return deployReceipt(deployment);
  return computeReceipt({
    ...deployment,
    previousDeltaHash: fromHex(inputs.previous_delta_hash),
    outputHash: fromHex(inputs.output_keccak256),
  });
}

const receipts = readVectors<ReceiptInputs, ReceiptOutputs>('receipts').filter(
  ({ inputs }) => 'gasLimit' in inputs,
);

describe('receipts', () => {
  it('has known answers of every kind', () => {
    expect(receipts.length).toBe(9);
  });

  it.each(receipts)('signs what the known answer signs: $name', ({ name, inputs, outputs }) => {
    const receipt = encodeReceipt(name, inputs);
    expect(toHex(receipt)).toBe(outputs.signed_bytes);
    expect(toHex(keccak256(receipt))).toBe(outputs.signed_hash);
    const privateKey = fromHex(inputs.private_key);
    expect(toHex(sign(receipt, privateKey))).toBe(outputs.signature);
    const signer = addressOf(keyPairOf(privateKey).publicKey);
    expect(toHex(receiptSigner(receipt, fromHex(outputs.signature)))).toBe(toHex(signer));
    expect(verifyReceipt(receipt, fromHex(outputs.signature), signer)).toBe(true);
  });

  it.each(receipts)('is not verified when anything differs: $name', ({ name, inputs, outputs }) => {
    const signer = addressOf(keyPairOf(fromHex(inputs.private_key)).publicKey);
    const signature = fromHex(outputs.signature);
    const receipt = encodeReceipt(name, inputs);
    const otherGas = encodeReceipt(name, { ...inputs, usedGas: Number(inputs.usedGas) + 1 });
    const otherSigner = Uint8Array.from(signer, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    const flipped = Uint8Array.from(signature, (byte, i) => (i === 64 ? 55 - byte : byte));
    expect(verifyReceipt(otherGas, signature, signer)).toBe(false);
    expect(verifyReceipt(receipt, signature, otherSigner)).toBe(false);
    expect(verifyReceipt(receipt, flipped, signer)).toBe(false);
    expect(verifyReceipt(receipt, signature.subarray(1), signer)).toBe(false);
    expect(verifyReceipt(receipt, new Uint8Array(65), signer)).toBe(false);
  });
});

describe('the inputs hash', () => {
  it('gives the known answer', () => {
    const { inputs, outputs } = vectorNamed<
      Record<'encryptedFn' | 'encryptedArgs' | 'contractAddress_or_preCodeHash' | 'userDHKey', string>,
      { inputsHash: string }
    >('receipts', 'inputsHash known answer');
    const hash = inputsHash({
      encryptedFn: fromHex(inputs.encryptedFn),
      encryptedArgs: fromHex(inputs.encryptedArgs),
      subject: fromHex(inputs.contractAddress_or_preCodeHash),
      userDHKey: fromHex(inputs.userDHKey),
    });
    expect(toHex(hash)).toBe(outputs.inputsHash);
  });

  it('does not confuse where one input ends and the next begins', () => {
    const subject = new Uint8Array(32);
    const userDHKey = new Uint8Array(64);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (all, cut) => {
        const at = cut % all.length;
        const split = inputsHash({
          encryptedFn: all.subarray(0, at),
          encryptedArgs: all.subarray(at),
          subject,
          userDHKey,
        });
        const whole = inputsHash({
          encryptedFn: all,
          encryptedArgs: new Uint8Array(0),
          subject,
          userDHKey,
        });
        expect(toHex(split)).not.toBe(toHex(whole));
      }),
    );
  });
});

describe('task ids', () => {
  const rows = readVectors<{ sender: string; nonce: number }, { taskId: string }>('receipts').filter(
    ({ name }) => name.startsWith('taskId'),
  );

  it.each(rows)('gives the known answer: $name', ({ inputs, outputs }) => {
    expect(toHex(taskId(fromHex(inputs.sender), inputs.nonce))).toBe(outputs.taskId);
    expect(toHex(taskId(fromHex(inputs.sender), BigInt(inputs.nonce)))).toBe(outputs.taskId);
  });

  it('refuses a nonce that no chain has', () => {
    const sender = new Uint8Array(20);
    expect(() => taskId(sender, -1)).toThrow(RangeError);
    expect(() => taskId(sender, 1n << 256n)).toThrow(RangeError);
    expect(taskId(sender, (1n << 256n) - 1n).length).toBe(32);
  });
});

describe('all receipts', () => {
  it('are length-prefixed parts that end in the byte of success or failure', () => {
    const failure = { inputsHash: new Uint8Array(32), gasLimit: 7n, usedGas: 3n };
    const gas = [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3)];
    expect(deployFailureReceipt(failure)).toEqual(
      lengthPrefixed(failure.inputsHash, ...gas, Uint8Array.of(0)),
    );
  });
});
