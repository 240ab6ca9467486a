import { keccak256, randomBytes, toHex } from '@enigma-worker/crypto';
import type { Abi } from 'abitype';
import { positional, type ConstructorArguments } from '../abi.js';
import type { EnigmaClient } from '../client.js';
import { SdkError, TaskFailedError } from '../errors.js';
import { encodeArguments, functionOf, parseFunction, type FunctionText } from '../function.js';
import { gasLimitOf } from '../gas.js';
import { contractAddressOf } from '../hex.js';
import type { RequestOptions } from '../transport.js';
import { openTask } from './openTask.js';
import { verifyReceipt } from './verifyReceipt.js';

/** Bounds of a deployment, and its address. */
export interface DeployOptions extends RequestOptions {
  /** The compiled contract: a WebAssembly module. */
  readonly bytecode: Uint8Array;
  /** Gas limit; 100,000,000 when absent. */
  readonly gasLimit?: bigint;
  /** Address of the new contract (64 hex digits): the task id on chain. A random one when absent. */
  readonly address?: string;
}

/** What to deploy, and how, with the constructor as a text. */
export interface DeployParameters extends DeployOptions {
  /** The constructor with its types, for example `construct(uint256)`; `construct()` when absent. */
  readonly construct?: string;
  /** Values of the constructor's arguments, as `encodeArguments` takes them. */
  readonly args?: readonly unknown[];
  readonly abi?: never;
}

/** What to deploy, and how, typed by the contract's ABI: arguments by position, or by name when every one has a name. */
export type AbiDeployParameters<A extends Abi> = DeployOptions & {
  readonly abi: A;
} & ConstructorArguments<A>;

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

/**
 * Deploys a contract: agrees on a key, seals the arguments, sends, and checks the receipt.
 * @param parameters with `abi`, as the contract's build writes it and best given `as const`, or with `construct`
 * @throws TaskFailedError when the constructor failed
 * @throws SdkError `ARGUMENTS_MISMATCH`, `FUNCTION_UNKNOWN`, `WORKER_SIGNATURE_INVALID`, `RECEIPT_INVALID`
 */
export function deployContract(client: EnigmaClient, parameters: DeployParameters): Promise<Deployment>;
export function deployContract<const A extends Abi>(
  client: EnigmaClient,
  parameters: AbiDeployParameters<A>,
): Promise<Deployment>;
export function deployContract(client: EnigmaClient, parameters: AnyDeployParameters): Promise<Deployment> {
  return client.inTurn(() => runDeployment(client, parameters), parameters);
}

type AnyDeployParameters = DeployOptions & { abi?: Abi; construct?: string; args?: unknown };

async function runDeployment(client: EnigmaClient, parameters: AnyDeployParameters): Promise<Deployment> {
  const { abi, bytecode } = parameters;
  // Something else would be sent as other bytes than those that the receipt is checked for.
  if (!(bytecode instanceof Uint8Array)) {
    throw new SdkError('ARGUMENTS_MISMATCH', 'bytecode: expected a Uint8Array');
  }
  const gasLimit = gasLimitOf(parameters);
  const construct =
    abi === undefined ? parseFunction(parameters.construct ?? 'construct()') : constructorOf(abi);
  const args = positional(construct.name, construct.inputs, parameters.args);
  const contractAddress =
    parameters.address === undefined ? randomBytes(32) : contractAddressOf(parameters.address);
  const task = await openTask(client, construct.text, encodeArguments(construct.inputs, args), parameters);
  const request = {
    preCode: bytecode,
    encryptedFn: task.encryptedFn,
    encryptedArgs: task.encryptedArgs,
    userDHKey: task.userDHKey,
    gasLimit,
    contractAddress,
  };
  const worker = await client.workerAddress(parameters);
  const outcome = await client.transport.deploySecretContract(request, parameters);
  if (outcome.kind === 'failedTask') {
    verifyReceipt(worker, { kind: 'deployFailure', request, result: outcome.result });
    const { output, usedGas, signature } = outcome.result;
    client.notice({ address: toHex(contractAddress), function: construct.text, usedGas, failed: true });
    throw new TaskFailedError(task.openFailure(output), usedGas, signature);
  }
  const { result } = outcome;
  verifyReceipt(worker, { kind: 'deploy', request, result });
  const codeHash = keccak256(result.output);
  client.codeHashes.remember(contractAddress, codeHash);
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
    codeHash,
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

/** The constructor that an ABI names; one without arguments when it names none. */
function constructorOf(abi: Abi): FunctionText {
  return functionOf('construct', abi.find((item) => item.type === 'constructor')?.inputs ?? []);
}
