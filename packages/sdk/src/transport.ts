import type { FailedTaskResult, RequestOf, ResultOf } from '@enigma-worker/protocol';

/** What a failed task leaves: an encrypted text, the gas it used, and the worker's signature. */
export type FailedTask = FailedTaskResult;

/** A task ends in a result or in a failure; both are signed. */
export type TaskOutcome<Result> =
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'failedTask'; readonly result: FailedTask };

/** What an estimate tells: the gas a task would use now, and whether it would fail. */
export interface Estimate {
  readonly usedGas: bigint;
  readonly failed: boolean;
}

/** Where a task stands, as a gateway tells it. Source: docs/protocol.md, "Gateway". */
export type TaskStatus = 'UNVERIFIED' | 'INPROGRESS' | 'SUCCESS' | 'FAILED' | 'ETHEREUMFAILURE';

/** Bounds of one request. */
export interface RequestOptions {
  /** Gives the request up: it ends with the signal's reason, over IPC with a ClientError `ABORTED` whose cause that is. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the request is given up. */
  readonly timeout?: number;
}

/**
 * The way to a worker. Nothing that passes through it is secret: arguments and results are sealed
 * before they get here and opened after.
 */
export interface Transport {
  getRegistrationParams(options?: RequestOptions): Promise<ResultOf<'GetRegistrationParams'>>;
  newTaskEncryptionKey(
    userPubKey: Uint8Array,
    options?: RequestOptions,
  ): Promise<ResultOf<'NewTaskEncryptionKey'>>;
  deploySecretContract(
    input: RequestOf<'DeploySecretContract'>['input'],
    options?: RequestOptions,
  ): Promise<TaskOutcome<ResultOf<'DeploySecretContract'>>>;
  computeTask(
    input: RequestOf<'ComputeTask'>['input'],
    options?: RequestOptions,
  ): Promise<TaskOutcome<ResultOf<'ComputeTask'>>>;
  getContract(address: Uint8Array, options?: RequestOptions): Promise<ResultOf<'GetContract'>>;
  getTip(address: Uint8Array, options?: RequestOptions): Promise<ResultOf<'GetTip'>>;
  getDelta(address: Uint8Array, key: number, options?: RequestOptions): Promise<ResultOf<'GetDelta'>>;
  /** Runs a task without keeping anything of it; absent where the worker does not offer it. */
  estimate?(input: RequestOf<'ComputeTask'>['input'], options?: RequestOptions): Promise<Estimate>;
  /** Where a task stands; absent where tasks are answered directly. For a deployment, the id is the contract's address. */
  getTaskStatus?(taskId: Uint8Array, options?: RequestOptions): Promise<TaskStatus>;
  close(): Promise<void>;
}
