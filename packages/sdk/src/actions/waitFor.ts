import type { EnigmaClient } from '../client.js';
import { isRefusal, SdkError } from '../errors.js';
import { bytesOfHex, contractAddressOf } from '../hex.js';
import { pause, timeoutSignal } from '../time.js';
import type { TaskStatus } from '../transport.js';

/** Bounds of a wait. */
export interface WaitOptions {
  /** Milliseconds until the wait is given up; 60,000 when absent. */
  readonly timeout?: number;
  /** Milliseconds between two questions; 250 when absent. */
  readonly interval?: number;
  readonly signal?: AbortSignal;
}

/** A contract that is to be there. */
export interface WaitForContract extends WaitOptions {
  /** The contract's address: 64 hex digits. */
  readonly contract: string;
  /** Index of the delta that is to be reached; any when absent. */
  readonly delta?: number;
}

/** A task that is to be done. */
export interface WaitForTask extends WaitOptions {
  /** The task's id, 64 hex digits: for a deployment, the address of the new contract. */
  readonly task: string;
}

/**
 * Waits until a worker has a contract, and its state has reached a delta.
 * @returns the index of the latest delta
 * @throws SdkError `WAIT_TIMEOUT`; the signal's reason when it is aborted
 */
export function waitFor(client: EnigmaClient, parameters: WaitForContract): Promise<number>;
/**
 * Waits until a task that was given to a gateway is done.
 * @throws SdkError `WAIT_TIMEOUT`, `NOT_SUPPORTED` when the transport knows no tasks; the signal's reason when it is aborted
 */
export function waitFor(
  client: EnigmaClient,
  parameters: WaitForTask,
): Promise<Exclude<TaskStatus, 'INPROGRESS' | 'UNVERIFIED'>>;
export async function waitFor(
  client: EnigmaClient,
  parameters: WaitForContract | WaitForTask,
): Promise<number | string> {
  return 'contract' in parameters
    ? poll(`contract ${parameters.contract}`, parameters, tipOf(client, parameters))
    : poll(`task ${parameters.task}`, parameters, endOf(client, parameters));
}

/** One question; `undefined` means not yet. */
type Question<T> = (signal: AbortSignal) => Promise<T | undefined>;

function tipOf(client: EnigmaClient, { contract, delta = 0 }: WaitForContract): Question<number> {
  const address = contractAddressOf(contract);
  return async (signal) => {
    const { key } = await client.transport.getTip(address, { signal });
    return key >= delta ? key : undefined;
  };
}

function endOf(client: EnigmaClient, { task }: WaitForTask): Question<TaskStatus> {
  const { transport } = client;
  if (transport.getTaskStatus === undefined) {
    throw new SdkError('NOT_SUPPORTED', 'this transport knows no tasks; wait for the contract');
  }
  const ask = transport.getTaskStatus.bind(transport);
  const taskId = bytesOfHex('task', task, 32);
  return async (signal) => {
    const status = await ask(taskId, { signal });
    return status === 'INPROGRESS' || status === 'UNVERIFIED' ? undefined : status;
  };
}

async function poll<T>(what: string, options: WaitOptions, question: Question<T>): Promise<T> {
  const { timeout = 60_000, interval = 250, signal } = options;
  const elapsed = timeoutSignal(timeout);
  const stop = signal === undefined ? elapsed : AbortSignal.any([signal, elapsed]);
  let refusal: unknown;
  for (;;) {
    try {
      const answer = await question(stop);
      if (answer !== undefined) return answer;
    } catch (error) {
      // A worker that does not know a contract refuses: not yet. Anything else is not worth waiting for.
      if (!stop.aborted && !isRefusal(error)) throw error;
      refusal = error;
    }
    await pause(interval, stop);
    signal?.throwIfAborted();
    if (elapsed.aborted) {
      throw new SdkError('WAIT_TIMEOUT', `${what} is not there after ${timeout} ms`, { cause: refusal });
    }
  }
}
