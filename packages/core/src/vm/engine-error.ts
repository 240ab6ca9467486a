/** Codes of what can go wrong with an engine itself, as opposed to a contract. */
export type EngineErrorCode =
  /** V8's stack ended before the contract's: see {@link executorStackMb}. */
  | 'STACK_EXHAUSTED'
  /** The system gives no more memory. */
  | 'MEMORY_EXHAUSTED'
  /** The engine was used after it was closed. */
  | 'CLOSED';

/** The engine cannot say how a call ends: no receipt may be made of it. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
