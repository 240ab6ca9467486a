import { keccak256 } from '@enigma-worker/crypto';
import type { ResultOf } from '@enigma-worker/protocol';
import type { AbiParameter } from 'abitype';
import type { EnigmaClient } from '../client.js';
import { SdkError, TaskFailedError } from '../errors.js';
import { decodeResult, encodeArguments, parseFunction, parseTypes, type FunctionText } from '../function.js';
import { contractAddressOf } from '../hex.js';
import type { RequestOptions } from '../transport.js';
import { DEFAULT_GAS_LIMIT } from './deployContract.js';
import { openTask } from './openTask.js';
import { isReceiptOf, verifyReceipt, type ComputeEvidence } from './verifyReceipt.js';

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
 * @throws SdkError `ARGUMENTS_MISMATCH`, `FUNCTION_UNKNOWN`, `RESULT_MALFORMED`, `WORKER_SIGNATURE_INVALID`, `RECEIPT_INVALID`
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
export async function callFunction(client: EnigmaClient, call: FunctionCall): Promise<CallResult> {
  const { called, gasLimit = DEFAULT_GAS_LIMIT } = call;
  const contractAddress = contractAddressOf(call.address);
  const task = await openTask(client, called.text, encodeArguments(called.inputs, call.args), call);
  const request = {
    encryptedFn: task.encryptedFn,
    encryptedArgs: task.encryptedArgs,
    userDHKey: task.userDHKey,
    gasLimit,
    contractAddress,
  };
  const worker = await client.workerAddress();
  const outcome = await client.transport.computeTask(request, call);
  const codeHash = keccak256((await client.transport.getContract(contractAddress, call)).bytecode);
  if (outcome.kind === 'failedTask') {
    verifyReceipt(worker, { kind: 'computeFailure', request, result: outcome.result, codeHash });
    const { output, usedGas, signature } = outcome.result;
    client.notice({ address: call.address, function: called.text, usedGas, failed: true });
    throw new TaskFailedError(task.openFailure(output), usedGas, signature);
  }
  const { result } = outcome;
  await verifyAgainstHistory(client, worker, { kind: 'compute', request, result, codeHash }, call);
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

/** How many deltas back a receipt without a delta is searched for: others may have called in between. */
const HISTORY = 16;

/**
 * A receipt names the delta that its task started from. With a new delta that is the one before it; without one
 * it was the latest at the time, which may have moved on since: the few before the present one are tried too.
 */
async function verifyAgainstHistory(
  client: EnigmaClient,
  worker: Uint8Array,
  evidence: Omit<ComputeEvidence, 'previousDeltaHash'>,
  options: RequestOptions,
): Promise<void> {
  const { contractAddress } = evidence.request;
  const newest = await newestBefore(client, evidence.result, contractAddress, options);
  const oldest = evidence.result.delta.data === undefined ? Math.max(0, newest - HISTORY) : newest;
  for (let key = newest; key >= oldest; key--) {
    const previous = key < 0 ? undefined : await client.transport.getDelta(contractAddress, key, options);
    const previousDeltaHash = previous === undefined ? new Uint8Array(32) : keccak256(previous.delta);
    if (isReceiptOf(worker, { ...evidence, previousDeltaHash })) return;
  }
  throw new SdkError(
    'RECEIPT_INVALID',
    'the receipt fits none of the states that the task can have started from',
  );
}

async function newestBefore(
  client: EnigmaClient,
  result: ResultOf<'ComputeTask'>,
  contractAddress: Uint8Array,
  options: RequestOptions,
): Promise<number> {
  if (result.delta.data !== undefined) return result.delta.key - 1;
  return (await client.transport.getTip(contractAddress, options)).key;
}
