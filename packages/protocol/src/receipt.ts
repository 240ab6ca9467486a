import { be64, concat, equalBytes, keccak256, lengthPrefixed, recoverAddress } from '@enigma-worker/crypto';
import { word } from './word.js';

/** What a user sent, as it is bound into every receipt; ciphertexts as they came. */
export interface TaskInputs {
  readonly encryptedFn: Uint8Array;
  readonly encryptedArgs: Uint8Array;
  /** Keccak-256 of preCode for a deployment, address of the contract for a computation: 32 bytes. */
  readonly subject: Uint8Array;
  /** The user's public key: 64 bytes. */
  readonly userDHKey: Uint8Array;
}

/** What a failed deployment's receipt covers. */
export interface DeployFailureReceipt {
  /** See {@link inputsHash}. */
  readonly inputsHash: Uint8Array;
  readonly gasLimit: bigint;
  readonly usedGas: bigint;
}

/** What a failed computation's receipt covers. The text of the failure is not covered. */
export interface ComputeFailureReceipt extends DeployFailureReceipt {
  /** Keccak-256 of the contract's exe code. */
  readonly codeHash: Uint8Array;
}

/** What a deployment's receipt covers. */
export interface DeployReceipt extends ComputeFailureReceipt {
  /** Hash of delta 0. */
  readonly deltaHash: Uint8Array;
  /** Empty when the contract calls nobody. */
  readonly ethereumPayload: Uint8Array;
  /** 20 bytes, zeros when the contract calls nobody. */
  readonly ethereumAddress: Uint8Array;
}

/** What a computation's receipt covers; `deltaHash` is 32 zero bytes when nothing changed. */
export interface ComputeReceipt extends DeployReceipt {
  /** Hash of the delta that the task started from. */
  readonly previousDeltaHash: Uint8Array;
  /** Keccak-256 of the encrypted output. */
  readonly outputHash: Uint8Array;
}

const SUCCESS = Uint8Array.of(1);
const FAILURE = Uint8Array.of(0);

/** The hash that binds a receipt to what the user asked for. Source: docs/protocol.md, "Receipts". */
export function inputsHash(inputs: TaskInputs): Uint8Array {
  return keccak256(
    lengthPrefixed(inputs.encryptedFn, inputs.encryptedArgs, inputs.subject, inputs.userDHKey),
  );
}

/** The bytes a worker signs for a deployment. Source: docs/protocol.md, "Receipts". */
export function deployReceipt(fields: DeployReceipt): Uint8Array {
  return lengthPrefixed(
    fields.inputsHash,
    fields.codeHash,
    fields.deltaHash,
    be64(fields.gasLimit),
    be64(fields.usedGas),
    fields.ethereumPayload,
    fields.ethereumAddress,
    SUCCESS,
  );
}

/** The bytes a worker signs for a computation. Note that the code comes before the inputs here. */
export function computeReceipt(fields: ComputeReceipt): Uint8Array {
  return lengthPrefixed(
    fields.codeHash,
    fields.inputsHash,
    fields.previousDeltaHash,
    fields.deltaHash,
    fields.outputHash,
    be64(fields.gasLimit),
    be64(fields.usedGas),
    fields.ethereumPayload,
    fields.ethereumAddress,
    SUCCESS,
  );
}

/** The bytes a worker signs for a failed deployment. */
export function deployFailureReceipt(fields: DeployFailureReceipt): Uint8Array {
  return lengthPrefixed(fields.inputsHash, be64(fields.gasLimit), be64(fields.usedGas), FAILURE);
}

/** The bytes a worker signs for a failed computation. */
export function computeFailureReceipt(fields: ComputeFailureReceipt): Uint8Array {
  return lengthPrefixed(
    fields.inputsHash,
    fields.codeHash,
    be64(fields.gasLimit),
    be64(fields.usedGas),
    FAILURE,
  );
}

/**
 * The address that signed a receipt: compare it with the worker that the task was for.
 * @throws CryptoError `INVALID_LENGTH` or `INVALID_SIGNATURE`
 */
export function receiptSigner(receipt: Uint8Array, signature: Uint8Array): Uint8Array {
  return recoverAddress(receipt, signature);
}

/** Whether `signer` (20 bytes) signed a receipt. A signature of the wrong shape is simply not theirs. */
export function verifyReceipt(receipt: Uint8Array, signature: Uint8Array, signer: Uint8Array): boolean {
  try {
    return equalBytes(receiptSigner(receipt, signature), signer);
  } catch {
    return false;
  }
}

/**
 * The id of a task, which for a deployment is the contract's address too: 32 bytes.
 * @param sender the user's Ethereum address, 20 bytes
 * @param nonce how many tasks that user created before
 */
export function taskId(sender: Uint8Array, nonce: bigint | number): Uint8Array {
  return keccak256(concat(sender, word(nonce)));
}
