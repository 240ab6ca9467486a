import { CryptoError, generateKeyPair, type KeyPair, sharedKey, sign } from '@enigma-worker/crypto';
import { taskKeyPreimage } from '@enigma-worker/protocol';
import { SecretTable } from '../collections/secret-table.js';
import type { TaskKeyOffer } from './enclave.js';
import { EnclaveError, insideEnclave } from './errors.js';

/** An encryption key that no user has been given yet, with the signature that goes out with it. */
export interface SpareKey extends KeyPair {
  readonly signature: Uint8Array;
}

/** Bounds of the keys held for users. */
export interface TaskKeyOptions {
  /** How many are held; the oldest goes when there are more. */
  readonly maxTaskKeys: number;
  /** How long one is held, in milliseconds. */
  readonly taskKeyLifetimeMs: number;
  /** How many spare keys are made ahead. */
  readonly spareTaskKeys: number;
}

/** Spare keys are asked for in portions of this size: a larger one would hold up tasks. */
const PORTION = 8;

/** Makes a spare key. */
export function makeSpareKey(signingKey: Uint8Array): SpareKey {
  const { privateKey, publicKey } = generateKeyPair();
  return { privateKey, publicKey, signature: sign(taskKeyPreimage(publicKey), signingKey) };
}

/** The key that user and worker share; the private one it came from is forgotten. */
function agree({ privateKey }: SpareKey, userPubKey: Uint8Array): Uint8Array {
  try {
    return sharedKey(privateKey, userPubKey);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new EnclaveError(
      'INVALID_USER_KEY',
      'userPubKey: expected a point of secp256k1 (64 bytes, X then Y)',
    );
  } finally {
    privateKey.fill(0);
  }
}

/**
 * The one-shot keys of users' tasks. Neither making nor signing one depends on the user, so spare ones
 * are made ahead, on other threads, and handing one out costs no more than the agreement with the user.
 * Source: docs/protocol.md, "Task keys".
 */
export class TaskKeys {
  readonly #options: TaskKeyOptions;
  readonly #make: () => SpareKey;
  readonly #makeAhead: (count: number) => Promise<readonly SpareKey[]>;
  readonly #now: () => number;
  /** What user and worker agreed on, all that is left of the worker's private key, by the user's public key. */
  readonly #held = new SecretTable(32);
  readonly #spare: SpareKey[] = [];
  #making = 0;

  /**
   * @param make makes a key at once, when none is spare
   * @param makeAhead makes keys elsewhere, with patience; may fail
   */
  constructor(
    options: TaskKeyOptions,
    make: () => SpareKey,
    makeAhead: (count: number) => Promise<readonly SpareKey[]>,
    now: () => number = () => performance.now(),
  ) {
    this.#options = options;
    this.#make = make;
    this.#makeAhead = makeAhead;
    this.#now = now;
  }

  /** How many keys are held for users. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * A fresh key for a user, in place of an earlier one.
   * @throws EnclaveError `INVALID_USER_KEY` when `userPubKey` is not a point of secp256k1
   */
  offer(userPubKey: Uint8Array): TaskKeyOffer {
    const key = this.#spare.pop() ?? this.#make();
    this.#refill();
    const ioKey = agree(key, userPubKey);
    const now = this.#now();
    this.#held.hold(userPubKey, ioKey, now + this.#options.taskKeyLifetimeMs);
    ioKey.fill(0);
    this.#prune(now);
    return { workerEncryptionKey: key.publicKey, workerSig: key.signature };
  }

  /**
   * Takes the io key of a user's task out: it serves once, whatever becomes of the task.
   * @throws EnclaveError `TASK_KEY_MISSING` when there is none, or it has expired
   */
  take(userPubKey: Uint8Array): Uint8Array {
    const ioKey = this.#held.take(userPubKey, this.#now());
    if (ioKey === undefined) throw new EnclaveError('TASK_KEY_MISSING', insideEnclave('KeysError'));
    return ioKey;
  }

  /** Forgets all keys. */
  clear(): void {
    this.#held.clear();
    for (const key of this.#spare.splice(0)) key.privateKey.fill(0);
  }

  /** Keys live equally long, so those that go first are the oldest. */
  #prune(now: number): void {
    while ((this.#held.oldestExpiry ?? Infinity) <= now || this.#held.size > this.#options.maxTaskKeys)
      this.#held.dropOldest();
  }

  #refill(): void {
    const { spareTaskKeys } = this.#options;
    if (this.#making > 0 || this.#spare.length > spareTaskKeys / 2) return;
    while (this.#spare.length + this.#making < spareTaskKeys) {
      const count = Math.min(PORTION, spareTaskKeys - this.#spare.length - this.#making);
      this.#making += count;
      void this.#fetch(count);
    }
  }

  async #fetch(count: number): Promise<void> {
    try {
      this.#spare.push(...(await this.#makeAhead(count)));
    } catch {
      // Whatever went wrong, keys are made one by one instead.
    } finally {
      this.#making -= count;
    }
  }
}
