import { keccak256, seal, sign, utf8 } from '@enigma-worker/crypto';
import { computeFailureReceipt, deployFailureReceipt, inputsHash } from '@enigma-worker/protocol';
import type { DeployInput, FailedTask, TaskInput } from '../enclave.js';

/** What a failure's receipt is made of. */
export interface Failure {
  readonly message: string;
  readonly usedGas: bigint;
  readonly ioKey: Uint8Array;
  readonly signingKey: Uint8Array;
}

/** A failed deployment with its receipt. Source: docs/protocol.md, "Receipts". */
export function failedDeploy(input: DeployInput, failure: Failure): FailedTask {
  const receipt = deployFailureReceipt({
    inputsHash: inputsHash({ ...input, subject: keccak256(input.preCode) }),
    gasLimit: input.gasLimit,
    usedGas: failure.usedGas,
  });
  return finish(receipt, failure);
}

/** A failed computation with its receipt. Source: docs/protocol.md, "Receipts". */
export function failedCompute(input: TaskInput, codeHash: Uint8Array, failure: Failure): FailedTask {
  const receipt = computeFailureReceipt({
    inputsHash: inputsHash({ ...input, subject: input.contractAddress }),
    codeHash,
    gasLimit: input.gasLimit,
    usedGas: failure.usedGas,
  });
  return finish(receipt, failure);
}

function finish(receipt: Uint8Array, failure: Failure): FailedTask {
  return {
    output: seal(failure.ioKey, utf8(failure.message)),
    usedGas: failure.usedGas,
    signature: sign(receipt, failure.signingKey),
  };
}
