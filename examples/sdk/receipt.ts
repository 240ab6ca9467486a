// #region receipt
import { keccak256 } from '@enigma-worker/crypto';
import { decryptFailure, openTask, verifyReceipt, type EnigmaClient } from '@enigma-worker/sdk';

/** Closes an auction as anybody who guesses the seller's secret would try to; shows every step of a task. */
export async function guess(client: EnigmaClient, address: string, secret: Uint8Array): Promise<string> {
  const contractAddress = new Uint8Array(Buffer.from(address, 'hex'));

  // A key for this task alone, signed by the worker; function and arguments are sealed with it.
  const task = await openTask(client, 'close(bytes32)', secret);
  const { encryptedFn, encryptedArgs, userDHKey } = task;
  const request = { encryptedFn, encryptedArgs, userDHKey, gasLimit: 1_000_000n, contractAddress };
  const outcome = await client.transport.computeTask(request);
  if (outcome.kind === 'result') return 'closed';

  // Whoever has the request and the answer can check the receipt; only we can read the reason.
  const { bytecode } = await client.transport.getContract(contractAddress);
  verifyReceipt(await client.workerAddress(), {
    kind: 'computeFailure',
    request,
    result: outcome.result,
    codeHash: keccak256(bytecode),
  });
  return decryptFailure(task, outcome.result);
}
// #endregion
