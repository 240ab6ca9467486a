import { keccak256 } from '@enigma-worker/crypto';
import type { AbiParameter } from 'abitype';
import type { EnigmaClient } from '../client.js';
import { TaskFailedError } from '../errors.js';
import { decodeResult, encodeArguments, parseFunction, parseTypes, type FunctionText } from '../function.js';
import { gasLimitOf } from '../gas.js';
import { contractAddressOf } from '../hex.js';
import type { RequestOptions } from '../transport.js';
import { openTask } from './openTask.js';
import { tipOf, verifyTask } from './verifyTask.js';

/** What to call, and how. */
export interface CallParameters extends RequestOptions {
  /** The contract's address: 64 hex digits. */
  readonly address: string;
  /** The function with its types, for example `sub(uint256,uint256)`. */
  readonly function: string;
  /** Values of the arguments, as `encodeArguments` takes them. */
  readonly args?: readonly unknown[];
  /** Solidity types of the result, for example `uint256` or `bytes32,bool`; none when absent. */
  readonly returns?: string;
  /** Gas limit; 100,000,000 when absent. */
  readonly gasLimit?: bigint;
}

/** A call whose types are known, names of fields and all: what every call comes down to. */
export interface FunctionCall extends RequestOptions {
  readonly address: string;
  readonly called: FunctionText;
  readonly args: readonly unknown[];
  readonly returns: readonly AbiParameter[];
  readonly gasLimit?: bigint;
}

/** The outcome of a task, with the receipt checked. */
export interface CallResult {
  /** The decoded values of the result. */
  readonly values: readonly unknown[];
  /** The decrypted bytes of the result. */
  readonly output: Uint8Array;
  readonly usedGas: bigint;
  readonly gasLimit: bigint;
  /** The sealed state delta, when the task changed the state. */
  readonly delta?: { readonly key: number; readonly data: Uint8Array; readonly hash: Uint8Array };
  /** Ethereum call that the contract asks for, if any. */
  readonly ethereum?: { readonly address: Uint8Array; readonly payload: Uint8Array };
  /** The worker's signature: 65 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Calls a function of a contract: agrees on a key, seals the arguments, sends, opens the result, checks the receipt.
 * @throws TaskFailedError when the contract failed; its `reason` is for the caller alone
 * @throws SdkError `ARGUMENTS_MISMATCH`, `FUNCTION_UNKNOWN`, `RESULT_MALFORMED`, `WORKER_SIGNATURE_INVALID`, `RECEIPT_INVALID`,
 * `RECEIPT_UNCHECKED`
 */
export async function callContract(client: EnigmaClient, parameters: CallParameters): Promise<CallResult> {
  return callFunction(client, {
    ...functionCallOf(parameters),
    returns: parseTypes(parameters.returns ?? ''),
  });
}

/** The call that texts describe, but for what it returns. */
export function functionCallOf({ args = [], ...call }: CallParameters): Omit<FunctionCall, 'returns'> {
  return { ...call, args, called: parseFunction(call.function) };
}

/** `callContract` for a function whose types are known. */
export function callFunction(client: EnigmaClient, call: FunctionCall): Promise<CallResult> {
  return client.inTurn(() => runCall(client, call), call);
}

async function runCall(client: EnigmaClient, call: FunctionCall): Promise<CallResult> {
  const { called } = call;
  const gasLimit = gasLimitOf(call);
  const contractAddress = contractAddressOf(call.address);
  const args = encodeArguments(called.inputs, call.args);
  const [task, before] = await Promise.all([
    openTask(client, called.text, args, call),
    tipOf(client, contractAddress, call),
  ]);
  const request = {
    encryptedFn: task.encryptedFn,
    encryptedArgs: task.encryptedArgs,
    userDHKey: task.userDHKey,
    gasLimit,
    contractAddress,
  };
  const worker = await client.workerAddress(call);
  const outcome = await client.transport.computeTask(request, call);
  if (outcome.kind === 'failedTask') {
    const { result } = outcome;
    await verifyTask(client, worker, { kind: 'computeFailure', request, result }, before, call);
    const { output, usedGas, signature } = result;
    client.notice({ address: call.address, function: called.text, usedGas, failed: true });
    throw new TaskFailedError(task.openFailure(output), usedGas, signature);
  }
  const { result } = outcome;
  await verifyTask(client, worker, { kind: 'compute', request, result }, before, call);
  client.notice({
    address: call.address,
    function: called.text,
    usedGas: result.usedGas,
    failed: false,
  });
  const output = task.openOutput(result.output);
  const { data } = result.delta;
  return {
    values: decodeResult(call.returns, output),
    output,
    usedGas: result.usedGas,
    gasLimit,
    ...(data !== undefined && { delta: { key: result.delta.key, data, hash: keccak256(data) } }),
    ...(result.ethereumPayload.length > 0 && {
      ethereum: { address: result.ethereumAddress, payload: result.ethereumPayload },
    }),
    signature: result.signature,
  };
}
