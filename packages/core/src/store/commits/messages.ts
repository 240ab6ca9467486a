import type { StoreErrorCode } from '../errors.js';

/** What the commit thread is started with. */
export interface CommitThreadSetup {
  /** The folder of the database. */
  readonly folder: string;
}

/** To the thread: commits, and under which number each is answered; `close` once no more will come. */
export type ToCommitThread =
  { readonly numbers: readonly number[]; readonly commits: readonly Uint8Array<ArrayBuffer>[] } | 'close';

/** A commit of which nothing is stored. */
export interface FailedCommit {
  readonly number: number;
  readonly code: StoreErrorCode;
  readonly message: string;
}

/** From the thread: `ready` once, then what has become of commits, and what each flush took. */
export type FromCommitThread =
  | 'ready'
  | {
      readonly stored: readonly number[];
      readonly failed: readonly FailedCommit[];
      readonly flushes: readonly { readonly seconds: number; readonly operations: number }[];
      readonly failures: number;
    };
