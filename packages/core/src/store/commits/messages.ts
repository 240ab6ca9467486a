import type { StoreErrorCode } from '../errors.js';

/** What the commit thread is started with. */
export interface CommitThreadSetup {
  /** The folder of the database. */
  readonly folder: string;
}

/** To the thread: operations, and under which number each is answered; `close` once no more will come. */
export type ToCommitThread =
  { readonly numbers: readonly number[]; readonly operations: readonly Uint8Array<ArrayBuffer>[] } | 'close';

/** An operation that was done, but for some deltas whose places other ones have. */
export interface PartlyStored {
  readonly number: number;
  /** Which of its deltas, by their positions. */
  readonly refused: readonly number[];
}

/** An operation of which nothing is stored. */
export interface FailedOperation {
  readonly number: number;
  readonly code: StoreErrorCode;
  readonly message: string;
}

/** From the thread: `ready` once, then what has become of operations, and what each flush took. */
export type FromCommitThread =
  | 'ready'
  | {
      readonly stored: readonly number[];
      readonly partly: readonly PartlyStored[];
      readonly failed: readonly FailedOperation[];
      readonly flushes: readonly { readonly seconds: number; readonly operations: number }[];
      readonly failures: number;
    };
