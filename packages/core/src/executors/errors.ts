/** Codes of jobs that do not run. */
export type ExecutorErrorCode =
  /** Too much waits already. */
  | 'BUSY'
  /** Nothing runs any more. */
  | 'CLOSED'
  /** No thread lives long enough, or the one that ran the job died before it had the result. */
  | 'UNAVAILABLE';

/** A job that was refused or given up. */
export class ExecutorError extends Error {
  override readonly name = 'ExecutorError';
  readonly code: ExecutorErrorCode;

  constructor(code: ExecutorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
