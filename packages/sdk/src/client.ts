import { addressOf, generateKeyPair, keyPairOf, type KeyPair } from '@enigma-worker/crypto';
import { CodeHashes } from './code-hashes.js';
import { SdkError } from './errors.js';
import { bytesOfHex } from './hex.js';
import { unlessAborted } from './time.js';
import type { RequestOptions, Transport } from './transport.js';

/** How to reach a worker, and as whom. */
export interface ClientOptions {
  readonly transport: Transport;
  /**
   * The worker's signing address (40 hex digits, with or without `0x`). When given, answers of any other
   * worker are refused. When absent, the worker that answers first is trusted from then on.
   */
  readonly worker?: string;
  /**
   * The caller's private key (64 hex digits). A fresh one for each task when absent. With one, tasks wait for each
   * other: a worker keeps a single task key for each key of a user.
   */
  readonly privateKey?: string;
  /** Told of every deployment and call that was answered, for gas reports and the like. */
  readonly onTask?: (task: TaskNotice) => void;
}

/** What is told of a task that was answered. */
export interface TaskNotice {
  /** The contract's address: 64 hex digits. */
  readonly address: string;
  /** The function with its types. */
  readonly function: string;
  readonly usedGas: bigint;
  readonly failed: boolean;
}

/** A connection to one worker. Functions such as `callContract` take it as their first argument. */
export interface EnigmaClient {
  readonly transport: Transport;
  /** The worker's signing address: pinned, or learned from the worker on first use. 20 bytes. */
  workerAddress(options?: RequestOptions): Promise<Uint8Array>;
  /** What is known of the code of contracts. */
  readonly codeHashes: CodeHashes;
  /** The key pair of the next task. */
  taskKeyPair(): KeyPair;
  /**
   * Runs a task, from its key to its outcome: at once, or after those before it where they share the caller's key.
   * @throws the signal's reason when it is aborted before that; nothing was sent then
   */
  inTurn<T>(task: () => Promise<T>, bounds?: Pick<RequestOptions, 'signal'>): Promise<T>;
  /** Tells that a task was answered. */
  notice(task: TaskNotice): void;
  close(): Promise<void>;
}

/**
 * Makes a client. Nothing is sent until it is used.
 * @throws SdkError `ARGUMENTS_MISMATCH` when the worker's address or the private key is none
 */
export function createClient(options: ClientOptions): EnigmaClient {
  const pinned = options.worker === undefined ? undefined : bytesOfHex('worker', options.worker, 20);
  const own = options.privateKey === undefined ? undefined : ownKeyPair(options.privateKey);
  let known = pinned;
  let last: Promise<unknown> = Promise.resolve();

  async function learn(bounds: RequestOptions | undefined): Promise<Uint8Array> {
    const { signingKey } = await options.transport.getRegistrationParams(bounds);
    const address = signingKey.length === 64 ? addressOf(signingKey) : signingKey;
    if (address.length !== 20) {
      throw new SdkError('TRANSPORT_FAILED', `signingKey: expected 20 or 64 bytes, got ${address.length}`);
    }
    return address;
  }

  return {
    transport: options.transport,
    codeHashes: new CodeHashes(options.transport),
    async workerAddress(bounds) {
      if (known !== undefined) return known;
      const learned = await learn(bounds);
      // Another call may have been answered before this one.
      return (known ??= learned);
    },
    taskKeyPair: () => own ?? generateKeyPair(),
    inTurn(task, bounds) {
      if (own === undefined) return task();
      const turn = unlessAborted(last, bounds?.signal).then(task);
      // One that was aborted leaves those before it running. What they came to is not for the next one to keep.
      last = Promise.allSettled([last, turn]).then(() => undefined);
      return turn;
    },
    notice: (task) => options.onTask?.(task),
    close: () => options.transport.close(),
  };
}

function ownKeyPair(privateKey: string): KeyPair {
  const bytes = bytesOfHex('privateKey', privateKey, 32);
  try {
    return keyPairOf(bytes);
  } catch {
    throw new SdkError('ARGUMENTS_MISMATCH', 'privateKey: expected a scalar of secp256k1');
  }
}
