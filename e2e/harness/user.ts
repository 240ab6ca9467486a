import type { Client, TaskOutcome } from '@enigma-worker/client';
import {
  generateKeyPair,
  keccak256,
  open,
  randomBytes,
  recoverAddress,
  seal,
  sharedKey,
  toHex,
  utf8,
} from '@enigma-worker/crypto';
import {
  computeFailureReceipt,
  computeReceipt,
  deltaHash,
  deployFailureReceipt,
  deployReceipt,
  inputsHash,
  type RequestOf,
  taskKeySigner,
  zeroHash,
} from '@enigma-worker/protocol';

export const GAS = 10_000_000n;

/** The input of a task with the key that opens its output. */
export interface Task {
  readonly input: RequestOf<'ComputeTask'>['input'];
  readonly ioKey: Uint8Array;
}

/** What a user sends: a name and arguments, encrypted for one worker. */
export interface Wanted {
  readonly address: Uint8Array;
  readonly fn: string;
  readonly args?: Uint8Array;
  readonly gasLimit?: bigint;
}

export function newAddress(): Uint8Array {
  return randomBytes(32);
}

/** Fetches a task key and encrypts a task. */
export async function prepare(worker: Client, wanted: Wanted): Promise<Task> {
  const { privateKey, publicKey } = generateKeyPair();
  const { workerEncryptionKey, workerSig } = await worker.newTaskEncryptionKey({ userPubKey: publicKey });
  const { signingKey } = await worker.getRegistrationParams({});
  if (toHex(taskKeySigner(workerEncryptionKey, workerSig)) !== toHex(signingKey))
    throw new Error('not its key');
  const ioKey = sharedKey(privateKey, workerEncryptionKey);
  return {
    ioKey,
    input: {
      encryptedFn: seal(ioKey, utf8(wanted.fn)),
      encryptedArgs: wanted.args === undefined ? new Uint8Array() : seal(ioKey, wanted.args),
      userDHKey: publicKey,
      gasLimit: wanted.gasLimit ?? GAS,
      contractAddress: wanted.address,
    },
  };
}

/** Runs a task and opens its output; `failed` tells the decrypted text of a failure. */
export async function compute(
  worker: Client,
  wanted: Wanted,
): Promise<{ task: Task; outcome: TaskOutcome<'ComputeTask'>; output: Uint8Array }> {
  const task = await prepare(worker, wanted);
  const outcome = await worker.computeTask({ input: task.input });
  return { task, outcome, output: open(task.ioKey, outcome.result.output) };
}

/** Deploys a contract; throws when that fails. */
export async function deploy(worker: Client, address: Uint8Array, preCode: Uint8Array) {
  const task = await prepare(worker, { address, fn: 'construct()' });
  const outcome = await worker.deploySecretContract({ input: { ...task.input, preCode } });
  if (outcome.kind === 'failedTask') {
    throw new Error(`deployment failed: ${Buffer.from(open(task.ioKey, outcome.result.output)).toString()}`);
  }
  return { task, result: outcome.result };
}

/** Who signed the receipt of a computation. */
export function computeSigner(
  { input }: Task,
  outcome: TaskOutcome<'ComputeTask'>,
  exeCode: Uint8Array,
  previousDelta: Uint8Array,
): string {
  const common = {
    inputsHash: inputsHash({ ...input, subject: input.contractAddress }),
    codeHash: keccak256(exeCode),
    gasLimit: input.gasLimit,
    usedGas: outcome.result.usedGas,
  };
  if (outcome.kind === 'failedTask') {
    return toHex(recoverAddress(computeFailureReceipt(common), outcome.result.signature));
  }
  const { result } = outcome;
  const receipt = computeReceipt({
    ...common,
    previousDeltaHash: deltaHash(previousDelta),
    deltaHash: result.delta.data === undefined ? zeroHash() : deltaHash(result.delta.data),
    outputHash: keccak256(result.output),
    ethereumPayload: result.ethereumPayload,
    ethereumAddress: result.ethereumAddress,
  });
  return toHex(recoverAddress(receipt, result.signature));
}

/** Who signed the receipt of a deployment. */
export function deploySigner(
  { input }: Task,
  preCode: Uint8Array,
  outcome: TaskOutcome<'DeploySecretContract'>,
): string {
  const common = {
    inputsHash: inputsHash({ ...input, subject: keccak256(preCode) }),
    gasLimit: input.gasLimit,
    usedGas: outcome.result.usedGas,
  };
  if (outcome.kind === 'failedTask') {
    return toHex(recoverAddress(deployFailureReceipt(common), outcome.result.signature));
  }
  const { result } = outcome;
  const receipt = deployReceipt({
    ...common,
    codeHash: keccak256(result.output),
    deltaHash: deltaHash(result.delta.data ?? new Uint8Array()),
    ethereumPayload: result.ethereumPayload,
    ethereumAddress: result.ethereumAddress,
  });
  return toHex(recoverAddress(receipt, result.signature));
}
