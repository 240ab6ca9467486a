import { equalBytes, keccak256, recoverAddress, toHex } from '@enigma-worker/crypto';
import {
  computeFailureReceipt,
  computeReceipt,
  deployFailureReceipt,
  deployReceipt,
  inputsHash,
  type RequestOf,
  type ResultOf,
} from '@enigma-worker/protocol';
import { SdkError } from '../errors.js';
import type { FailedTask } from '../transport.js';

const NO_HASH = new Uint8Array(32);

/** What was asked of a deployment and what came back. */
export interface DeployEvidence {
  readonly kind: 'deploy';
  readonly request: RequestOf<'DeploySecretContract'>['input'];
  readonly result: ResultOf<'DeploySecretContract'>;
}

/** What was asked of a task, what came back, and what the contract was before. */
export interface ComputeEvidence {
  readonly kind: 'compute';
  readonly request: RequestOf<'ComputeTask'>['input'];
  readonly result: ResultOf<'ComputeTask'>;
  /** Keccak-256 of the contract's exe code. */
  readonly codeHash: Uint8Array;
  /** Hash of the delta that the task started from; 32 zero bytes before any. */
  readonly previousDeltaHash: Uint8Array;
}

/** A failed deployment. */
export interface DeployFailureEvidence {
  readonly kind: 'deployFailure';
  readonly request: RequestOf<'DeploySecretContract'>['input'];
  readonly result: FailedTask;
}

/** A failed task. */
export interface ComputeFailureEvidence {
  readonly kind: 'computeFailure';
  readonly request: RequestOf<'ComputeTask'>['input'];
  readonly result: FailedTask;
  readonly codeHash: Uint8Array;
}

/** Everything a receipt speaks of. */
export type ReceiptEvidence =
  DeployEvidence | ComputeEvidence | DeployFailureEvidence | ComputeFailureEvidence;

/** The bytes that a worker signs for this outcome. Source: docs/protocol.md, "Receipts". */
export function receiptBytes(evidence: ReceiptEvidence): Uint8Array {
  const { request } = evidence;
  const subject = 'preCode' in request ? keccak256(request.preCode) : request.contractAddress;
  const inputs = inputsHash({
    encryptedFn: request.encryptedFn,
    encryptedArgs: request.encryptedArgs,
    subject,
    userDHKey: request.userDHKey,
  });
  const { gasLimit } = request;
  switch (evidence.kind) {
    case 'deploy': {
      const { output, delta, usedGas, ethereumPayload, ethereumAddress } = evidence.result;
      return deployReceipt({
        inputsHash: inputs,
        codeHash: keccak256(output),
        deltaHash: keccak256(delta.data ?? new Uint8Array(0)),
        gasLimit,
        usedGas,
        ethereumPayload,
        ethereumAddress,
      });
    }
    case 'compute': {
      const { output, delta, usedGas, ethereumPayload, ethereumAddress } = evidence.result;
      return computeReceipt({
        codeHash: evidence.codeHash,
        inputsHash: inputs,
        previousDeltaHash: evidence.previousDeltaHash,
        deltaHash: delta.data === undefined ? NO_HASH : keccak256(delta.data),
        outputHash: keccak256(output),
        gasLimit,
        usedGas,
        ethereumPayload,
        ethereumAddress,
      });
    }
    case 'deployFailure':
      return deployFailureReceipt({ inputsHash: inputs, gasLimit, usedGas: evidence.result.usedGas });
    case 'computeFailure':
      return computeFailureReceipt({
        inputsHash: inputs,
        codeHash: evidence.codeHash,
        gasLimit,
        usedGas: evidence.result.usedGas,
      });
  }
}

/** Whether `worker` (20 bytes) signed exactly this outcome. */
export function isReceiptOf(worker: Uint8Array, evidence: ReceiptEvidence): boolean {
  try {
    return equalBytes(recoverAddress(receiptBytes(evidence), evidence.result.signature), worker);
  } catch {
    return false;
  }
}

/**
 * Checks that `worker` (20 bytes) signed exactly this outcome.
 * @throws SdkError `RECEIPT_INVALID` otherwise
 */
export function verifyReceipt(worker: Uint8Array, evidence: ReceiptEvidence): void {
  if (!isReceiptOf(worker, evidence)) {
    throw new SdkError(
      'RECEIPT_INVALID',
      `the receipt is not worker ${toHex(worker)}'s signature of this outcome`,
    );
  }
}
