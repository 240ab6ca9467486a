import { fromHex, keccak256, randomBytes, toHex } from '@enigma-worker/crypto';
import type { EnigmaClient } from '../client.js';
import { SdkError, TaskFailedError } from '../errors.js';
import { encodeArguments, parseFunction } from '../function.js';
import type { RequestOptions } from '../transport.js';
import { openTask } from './openTask.js';
import { verifyReceipt } from './verifyReceipt.js';

/** What to deploy, and how. */
export interface DeployParameters extends RequestOptions {
  /** The compiled contract: a WebAssembly module. */
  readonly bytecode: Uint8Array;
  /** The constructor with its types, for example `construct(uint256)`; `construct()` when absent. */
  readonly construct?: string;
  /** Values of the constructor's arguments, as `encodeArguments` takes them. */
  readonly args?: readonly unknown[];
  /** Gas limit; 100,000,000 when absent. */
  readonly gasLimit?: bigint;
  /** Address of the new contract (64 hex digits): the task id on chain. A random one when absent. */
  readonly address?: string;
}

/** A deployed contract, with the receipt checked. */
export interface Deployment {
  /** 64 hex digits. */
  readonly address: string;
  /** What the worker made of the module, public: keccak of it is the code hash. */
  readonly exeCode: Uint8Array;
  readonly codeHash: Uint8Array;
  readonly usedGas: bigint;
  readonly gasLimit: bigint;
  /** The sealed first state delta. */
  readonly delta: Uint8Array;
  readonly deltaHash: Uint8Array;
  /** Ethereum call that the constructor asks for, if any. */
  readonly ethereum?: { readonly address: Uint8Array; readonly payload: Uint8Array };
  /** The worker's signature: 65 bytes. */
  readonly signature: Uint8Array;
}

/** Gas limit of a task when the caller names none. */
export const DEFAULT_GAS_LIMIT = 100_000_000n;

/**
 * Deploys a contract: agrees on a key, seals the arguments, sends, and checks the receipt.
 * @throws TaskFailedError when the constructor failed
 * @throws SdkError `ARGUMENTS_MISMATCH`, `FUNCTION_UNKNOWN`, `WORKER_SIGNATURE_INVALID`, `RECEIPT_INVALID`
 */
export async function deployContract(
  client: EnigmaClient,
  parameters: DeployParameters,
): Promise<Deployment> {
  const { bytecode, args = [], gasLimit = DEFAULT_GAS_LIMIT } = parameters;
  const construct = parseFunction(parameters.construct ?? 'construct()');
  const contractAddress = parameters.address === undefined ? randomBytes(32) : fromHex(parameters.address);
  if (contractAddress.length !== 32) {
    throw new SdkError('ARGUMENTS_MISMATCH', `address: expected 32 bytes, got ${contractAddress.length}`);
  }
  const task = await openTask(client, construct.text, encodeArguments(construct.inputs, args), parameters);
  const request = {
    preCode: bytecode,
    encryptedFn: task.encryptedFn,
    encryptedArgs: task.encryptedArgs,
    userDHKey: task.userDHKey,
    gasLimit,
    contractAddress,
  };
  const worker = await client.workerAddress();
  const outcome = await client.transport.deploySecretContract(request, parameters);
  if (outcome.kind === 'failedTask') {
    verifyReceipt(worker, { kind: 'deployFailure', request, result: outcome.result });
    const { output, usedGas, signature } = outcome.result;
    client.notice({ address: toHex(contractAddress), function: construct.text, usedGas, failed: true });
    throw new TaskFailedError(task.openFailure(output), usedGas, signature);
  }
  const { result } = outcome;
  verifyReceipt(worker, { kind: 'deploy', request, result });
  const delta = result.delta.data ?? new Uint8Array(0);
  client.notice({
    address: toHex(contractAddress),
    function: construct.text,
    usedGas: result.usedGas,
    failed: false,
  });
  return {
    address: toHex(contractAddress),
    exeCode: result.output,
    codeHash: keccak256(result.output),
    usedGas: result.usedGas,
    gasLimit,
    delta,
    deltaHash: keccak256(delta),
    ...(result.ethereumPayload.length > 0 && {
      ethereum: { address: result.ethereumAddress, payload: result.ethereumPayload },
    }),
    signature: result.signature,
  };
}
