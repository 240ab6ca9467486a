import type {
  DeltaListType,
  FailedTaskResult,
  MessageType,
  RequestOf,
  ResultOf,
} from '@enigma-worker/protocol';
import type { DeltaSink } from '../store/store.js';

/** Messages that run a contract. */
export type TaskType = 'DeploySecretContract' | 'ComputeTask';

/** How a task ended: both are signed. */
export type TaskReply<T extends TaskType = TaskType> =
  | { readonly kind: 'done'; readonly result: ResultOf<T> }
  | { readonly kind: 'failed'; readonly result: FailedTaskResult };

/** Answers where the request arrives: for what takes microseconds and waits for nothing. */
export interface InstantHandler<T extends MessageType> {
  readonly work: 'instant';
  answer(request: RequestOf<T>): ResultOf<T>;
}

/** Answers later: a read of much, or a write. Neither waits for tasks of other contracts. */
export interface SlowHandler<T extends MessageType> {
  readonly work: 'read' | 'write';
  answer(request: RequestOf<T>): Promise<ResultOf<T>>;
}

/** Runs a contract and keeps nothing of it; in order with the contract's tasks. */
export interface DryRunHandler<T extends MessageType> {
  readonly work: 'dry run';
  /** The contract's address. */
  contract(request: RequestOf<T>): Uint8Array;
  answer(request: RequestOf<T>): Promise<ResultOf<T>>;
}

/** Answers later, with a list of deltas that goes into the reply one by one. */
export interface ListHandler<T extends DeltaListType> {
  readonly work: 'list';
  /** About how many deltas the list has. */
  size(request: RequestOf<T>): number;
  answer(request: RequestOf<T>, list: DeltaSink): Promise<void>;
}

/** Runs a contract; tasks of one contract are in order. */
export interface TaskHandler<T extends TaskType> {
  readonly work: 'task';
  /** The contract's address. */
  contract(request: RequestOf<T>): Uint8Array;
  answer(request: RequestOf<T>): Promise<TaskReply<T>>;
}

/**
 * What serves one message. It throws its typed errors; to make messages of them is for dispatch.
 * Each is given what it needs and nothing else.
 */
export type Handler<T extends MessageType> = T extends TaskType
  ? TaskHandler<T>
  : T extends DeltaListType
    ? ListHandler<T>
    : InstantHandler<T> | SlowHandler<T> | DryRunHandler<T>;

/** A handler for each message of the protocol. */
export type Handlers = { readonly [T in MessageType]: Handler<T> };
