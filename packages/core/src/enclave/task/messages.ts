import type { TaskChange } from '../../store/records.js';
import type { BuildStep } from '../state/state-builder.js';
import type { DeployInput, DeployResult, FailedTask, TaskInput, TaskResult } from '../enclave.js';
import type { EnclaveErrorCode } from '../errors.js';
import type { SpareKey } from '../task-keys.js';

/** A task in the hands of an executor thread, with the keys that it needs. */
interface TaskJob {
  /** See `LaneJob`. */
  fresh: boolean;
  /** Opens the inputs and seals the output, 32 bytes. */
  readonly ioKey: Uint8Array;
  /** 32 bytes; `undefined` when the worker has none for the contract. */
  stateKey: Uint8Array | undefined;
  /** Changes nothing and signs nothing. */
  readonly dryRun: boolean;
}

/** Runs a function of a contract. */
export interface ComputeJob extends TaskJob {
  readonly kind: 'compute';
  readonly input: TaskInput;
}

/** Runs a constructor. */
export interface DeployJob extends TaskJob {
  readonly kind: 'deploy';
  readonly input: DeployInput;
}

/** Applies stored deltas to a contract's state: one bounded step. */
export interface BuildJob {
  fresh: boolean;
  readonly kind: 'build';
  readonly address: Uint8Array;
  readonly stateKey: Uint8Array;
}

/** Makes spare task keys. */
export interface SpareKeysJob {
  fresh: boolean;
  readonly kind: 'spare-keys';
  readonly count: number;
}

/** All that an executor thread of the enclave does. */
export type Job = ComputeJob | DeployJob | BuildJob | SpareKeysJob;

/** A computation that ran to its end. */
export interface DoneReply {
  readonly kind: 'done';
  /** Without the delta, which is in the {@link ChangedReply}. */
  readonly result: Omit<TaskResult, 'delta'>;
}

/** What a computation changed: told as soon as that is known, while its result is sealed and signed. */
export interface ChangedReply {
  readonly kind: 'changed';
  /** To be stored before the result goes out. */
  readonly change: TaskChange;
}

/** A deployment that ran to its end. */
export interface DeployedReply {
  readonly kind: 'deployed';
  readonly result: Omit<DeployResult, 'delta'>;
  /** To be stored before the result goes out. */
  readonly change: TaskChange;
}

/** A task that failed and has a receipt. */
export interface FailedReply {
  readonly kind: 'failed';
  readonly result: FailedTask;
}

/** A dry run that came to an end, good or bad. */
export interface EstimateReply {
  readonly kind: 'estimate';
  readonly ok: boolean;
  readonly output: Uint8Array;
  readonly usedGas: bigint;
}

/** A system error. */
export interface ErrorReply {
  readonly kind: 'error';
  readonly code: EnclaveErrorCode;
  readonly message: string;
}

/** What an executor thread answers. */
export type Reply =
  | DoneReply
  | ChangedReply
  | DeployedReply
  | FailedReply
  | EstimateReply
  | ErrorReply
  /** Deltas are stored that the state does not contain yet: build, then run again. */
  | { readonly kind: 'stale' }
  /** An earlier task of the contract changed its state: run again when that is stored. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'built'; readonly step: BuildStep }
  | { readonly kind: 'spare-keys'; readonly keys: readonly SpareKey[] };
