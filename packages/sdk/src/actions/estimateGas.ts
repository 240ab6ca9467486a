import type { EnigmaClient } from '../client.js';
import { SdkError } from '../errors.js';
import { encodeArguments, parseFunction } from '../function.js';
import type { Estimate } from '../transport.js';
import { contractAddressOf, type CallParameters } from './callContract.js';
import { DEFAULT_GAS_LIMIT } from './deployContract.js';
import { openTask } from './openTask.js';

/**
 * The gas that a call would use now. The worker runs it and keeps nothing of it.
 * @throws SdkError `NOT_SUPPORTED` when the worker does not offer estimates
 */
export async function estimateGas(client: EnigmaClient, parameters: CallParameters): Promise<Estimate> {
  if (client.transport.estimate === undefined) {
    throw new SdkError('NOT_SUPPORTED', 'this worker does not estimate gas');
  }
  const called = parseFunction(parameters.function);
  const args = encodeArguments(called.inputs, parameters.args ?? []);
  const { encryptedFn, encryptedArgs, userDHKey } = await openTask(client, called.text, args, parameters);
  const { gasLimit = DEFAULT_GAS_LIMIT } = parameters;
  const contractAddress = contractAddressOf(parameters.address);
  return client.transport.estimate(
    { encryptedFn, encryptedArgs, userDHKey, gasLimit, contractAddress },
    parameters,
  );
}
