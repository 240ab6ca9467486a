import type { EnigmaClient } from '../client.js';
import { SdkError } from '../errors.js';
import { encodeArguments } from '../function.js';
import { gasLimitOf } from '../gas.js';
import { contractAddressOf } from '../hex.js';
import type { Estimate } from '../transport.js';
import { functionCallOf, type CallParameters, type FunctionCall } from './callContract.js';
import { openTask } from './openTask.js';

/**
 * The gas that a call would use now. The worker runs it and keeps nothing of it.
 * @throws SdkError `NOT_SUPPORTED` when the worker does not offer estimates
 */
export async function estimateGas(client: EnigmaClient, parameters: CallParameters): Promise<Estimate> {
  return estimateFunction(client, functionCallOf(parameters));
}

/** `estimateGas` for a function whose types are known. */
export function estimateFunction(
  client: EnigmaClient,
  call: Omit<FunctionCall, 'returns'>,
): Promise<Estimate> {
  return client.inTurn(() => runEstimate(client, call), call);
}

async function runEstimate(client: EnigmaClient, call: Omit<FunctionCall, 'returns'>): Promise<Estimate> {
  if (client.transport.estimate === undefined) {
    throw new SdkError('NOT_SUPPORTED', 'this worker does not estimate gas');
  }
  const { called } = call;
  const gasLimit = gasLimitOf(call);
  const contractAddress = contractAddressOf(call.address);
  const args = encodeArguments(called.inputs, call.args);
  const { encryptedFn, encryptedArgs, userDHKey } = await openTask(client, called.text, args, call);
  return client.transport.estimate(
    { encryptedFn, encryptedArgs, userDHKey, gasLimit, contractAddress },
    call,
  );
}
