import { seal, sign, utf8 } from '@enigma-worker/crypto';
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
export function failedDeploy(input: DeployInput, preCodeHash: Uint8Array, failure: Failure): FailedTask {
  const { encryptedFn, encryptedArgs, userDHKey, gasLimit } = input;
  const receipt = deployFailureReceipt({
    inputsHash: inputsHash({ encryptedFn, encryptedArgs, subject: preCodeHash, userDHKey }),
    gasLimit,
    usedGas: failure.usedGas,
  });
  return finish(receipt, failure);
}

/** A failed computation with its receipt. Source: docs/protocol.md, "Receipts". */
export function failedCompute(input: TaskInput, codeHash: Uint8Array, failure: Failure): FailedTask {
  const { encryptedFn, encryptedArgs, userDHKey, contractAddress: subject, gasLimit } = input;
  const receipt = computeFailureReceipt({
    inputsHash: inputsHash({ encryptedFn, encryptedArgs, subject, userDHKey }),
    codeHash,
    gasLimit,
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
