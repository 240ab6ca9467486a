/** `BUSY`: too much waits already. `CLOSED`: nothing runs any more. */
export type ExecutorErrorCode = 'BUSY' | 'CLOSED';

/** A job that was refused or given up before it began. */
export class ExecutorError extends Error {
  override readonly name = 'ExecutorError';
  readonly code: ExecutorErrorCode;

  constructor(code: ExecutorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
