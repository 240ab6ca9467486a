import { equalBytes, keccak256 } from '@enigma-worker/crypto';
import type { ResultOf } from '@enigma-worker/protocol';
import type { EnigmaClient } from '../client.js';
import { isRefusal, SdkError } from '../errors.js';
import type { RequestOptions } from '../transport.js';
import { isReceiptOf, type ComputeEvidence, type ComputeFailureEvidence } from './verifyReceipt.js';

/** A contract's latest delta as it was before a task; `undefined` when it had none. */
export type Tip = ResultOf<'GetTip'> | undefined;

/** A task's outcome, without what the contract was: that is looked up. */
export type TaskEvidence =
  Omit<ComputeEvidence, 'codeHash' | 'previousDeltaHash'> | Omit<ComputeFailureEvidence, 'codeHash'>;

/** What the lookups need: whom to ask, about what, and from where on. */
interface Lookup {
  readonly client: EnigmaClient;
  readonly address: Uint8Array;
  readonly before: Tip;
  readonly options: RequestOptions;
}

/**
 * The latest delta of a contract. Without one there is nothing to tell; and whatever else is wrong, the task that
 * follows meets it, too, and says it better.
 */
export async function tipOf(
  client: EnigmaClient,
  address: Uint8Array,
  options: RequestOptions,
): Promise<Tip> {
  try {
    return await client.transport.getTip(address, options);
  } catch {
    return undefined;
  }
}

/**
 * Checks that `worker` (20 bytes) signed the outcome of a task.
 * @param before the contract's tip from before the task
 * @throws SdkError `RECEIPT_INVALID` when it did not; `RECEIPT_UNCHECKED` when the worker does not tell (any more) what
 * the receipt speaks of
 */
export async function verifyTask(
  client: EnigmaClient,
  worker: Uint8Array,
  evidence: TaskEvidence,
  before: Tip,
  options: RequestOptions,
): Promise<void> {
  const address = evidence.request.contractAddress;
  const lookup = { client, address, before, options };
  const remembered = await told(client.codeHashes.of(address, options));
  if (await isSigned(worker, evidence, remembered, lookup)) return;
  // Perhaps the contract was removed and deployed anew since its code was looked at.
  const present = await told(client.codeHashes.fetch(address, options));
  if (!equalBytes(present, remembered) && (await isSigned(worker, evidence, present, lookup))) return;
  throw new SdkError(
    'RECEIPT_INVALID',
    'the receipt fits none of the states that the task can have started from',
  );
}

async function isSigned(
  worker: Uint8Array,
  evidence: TaskEvidence,
  codeHash: Uint8Array,
  lookup: Lookup,
): Promise<boolean> {
  if (evidence.kind === 'computeFailure') return isReceiptOf(worker, { ...evidence, codeHash });
  for await (const previousDeltaHash of previousHashes(evidence.result.delta, lookup)) {
    if (isReceiptOf(worker, { ...evidence, codeHash, previousDeltaHash })) return true;
  }
  return false;
}

/**
 * The delta that a task started from, by hash. With a new delta it is the one before that. Without, it was the latest
 * at the time: the one from before the task, unless others have called in between.
 */
async function* previousHashes(
  delta: ResultOf<'ComputeTask'>['delta'],
  lookup: Lookup,
): AsyncGenerator<Uint8Array> {
  const { before } = lookup;
  const start = before === undefined ? new Uint8Array(32) : keccak256(before.data);
  if (delta.data === undefined) {
    yield start;
    yield* hashesSince(lookup);
  } else {
    if ((before?.key ?? -1) === delta.key - 1) yield start;
    if (delta.key > 0) yield hashAt(delta.key - 1, lookup);
  }
}

/** How many deltas of others are looked through. */
const HISTORY = 1024;
/** How many of them are asked for at a time. */
const BATCH = 16;

async function* hashesSince(lookup: Lookup): AsyncGenerator<Uint8Array> {
  const { client, address, before, options } = lookup;
  const { key: newest } = await told(client.transport.getTip(address, options));
  const first = (before?.key ?? -1) + 1;
  // What was there before may be gone, when contract or deltas were removed in between.
  const isContinued =
    before === undefined ||
    (newest >= before.key && equalBytes(await hashAt(before.key, lookup), keccak256(before.data)));
  if (!isContinued) throw unchecked('its history is another one now');
  const end = Math.min(newest + 1, first + HISTORY);
  for (let key = first; key < end; key += BATCH) {
    const keys = Array.from({ length: Math.min(BATCH, end - key) }, (_, i) => key + i);
    yield* await Promise.all(keys.map((each) => hashAt(each, lookup)));
  }
  if (end <= newest) throw unchecked('its state has moved on too far');
}

async function hashAt(key: number, { client, address, options }: Lookup): Promise<Uint8Array> {
  return keccak256((await told(client.transport.getDelta(address, key, options))).delta);
}

/** What the worker tells of a contract; it may refuse, or know nothing. */
async function told<T>(answer: Promise<T | undefined>): Promise<T> {
  let value: T | undefined;
  try {
    value = await answer;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw unchecked('the worker does not tell its history', error);
  }
  if (value === undefined) throw unchecked('the worker does not have its code');
  return value;
}

function unchecked(reason: string, cause?: unknown): SdkError {
  return new SdkError(
    'RECEIPT_UNCHECKED',
    `the contract ran, but the receipt cannot be checked any more: ${reason}`,
    { cause },
  );
}
