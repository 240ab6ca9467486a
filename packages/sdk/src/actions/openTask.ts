import {
  equalBytes,
  fromUtf8,
  open,
  recoverAddress,
  seal,
  sharedKey,
  toHex,
  utf8,
} from '@enigma-worker/crypto';
import { taskKeyPreimage } from '@enigma-worker/protocol';
import type { EnigmaClient } from '../client.js';
import { SdkError } from '../errors.js';
import type { RequestOptions } from '../transport.js';

/** A task whose key is agreed with the worker: its inputs are sealed, its output can be opened. */
export interface OpenTask {
  readonly encryptedFn: Uint8Array;
  readonly encryptedArgs: Uint8Array;
  readonly userDHKey: Uint8Array;
  /**
   * Opens an envelope that the worker sealed for this task.
   * @throws SdkError `RECEIPT_INVALID` when it was sealed for another one, or altered
   */
  openOutput(envelope: Uint8Array): Uint8Array;
  /** The text of a failure; throws as `openOutput` does. */
  openFailure(envelope: Uint8Array): string;
}

/**
 * Fetches a task key, checks that the worker signed it, and seals function text and arguments with the key shared.
 * @throws SdkError `WORKER_SIGNATURE_INVALID` when the key is not signed by the worker: somebody sits in between
 */
export async function openTask(
  client: EnigmaClient,
  functionText: string,
  args: Uint8Array,
  options?: RequestOptions,
): Promise<OpenTask> {
  const { privateKey, publicKey } = client.taskKeyPair();
  const worker = await client.workerAddress(options);
  const { workerEncryptionKey, workerSig } = await client.transport.newTaskEncryptionKey(publicKey, options);
  if (!signedBy(worker, workerEncryptionKey, workerSig)) {
    throw new SdkError('WORKER_SIGNATURE_INVALID', `the task key is not signed by worker ${toHex(worker)}`);
  }
  const ioKey = sharedKey(privateKey, workerEncryptionKey);
  const openOutput = (envelope: Uint8Array): Uint8Array => {
    try {
      return open(ioKey, envelope);
    } catch (error) {
      const text =
        'what came was not sealed for this task: its key was one of another task, or it was altered';
      throw new SdkError('RECEIPT_INVALID', text, { cause: error });
    }
  };
  return {
    encryptedFn: seal(ioKey, utf8(functionText)),
    encryptedArgs: seal(ioKey, args),
    userDHKey: publicKey,
    openOutput,
    openFailure: (envelope) => fromUtf8(openOutput(envelope)),
  };
}

function signedBy(worker: Uint8Array, key: Uint8Array, signature: Uint8Array): boolean {
  try {
    return equalBytes(recoverAddress(taskKeyPreimage(key), signature), worker);
  } catch {
    return false;
  }
}
