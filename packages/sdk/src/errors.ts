/** Codes of everything an SDK call can fail with. */
export type SdkErrorCode =
  | 'ARGUMENTS_MISMATCH'
  | 'FUNCTION_UNKNOWN'
  | 'RESULT_MALFORMED'
  | 'WORKER_SIGNATURE_INVALID'
  | 'RECEIPT_INVALID'
  | 'RECEIPT_UNCHECKED'
  | 'TASK_FAILED'
  | 'TASK_TIMEOUT'
  | 'WAIT_TIMEOUT'
  | 'NOT_SUPPORTED'
  | 'TRANSPORT_FAILED'
  | 'WORKER_ERROR';

/** An expected failure of an SDK call; `code` tells which. Never holds a key or a plaintext of somebody else. */
export class SdkError extends Error {
  override readonly name: string = 'SdkError';
  readonly code: SdkErrorCode;

  constructor(code: SdkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The contract ran and failed: out of gas, a trap, a `revert`. The worker signed for it.
 * `reason` is the text that was encrypted for the caller alone.
 */
export class TaskFailedError extends SdkError {
  override readonly name = 'TaskFailedError';
  /** Decrypted text, for example `Invocation resulted in gas limit violated`. */
  readonly reason: string;
  /** Gas the task used up to its failure. */
  readonly usedGas: bigint;
  /** The worker's signature over the failure: 65 bytes. */
  readonly signature: Uint8Array;

  constructor(reason: string, usedGas: bigint, signature: Uint8Array) {
    super('TASK_FAILED', reason);
    this.reason = reason;
    this.usedGas = usedGas;
    this.signature = signature;
  }
}

/** Whether worker or gateway answered, by whichever transport, that they will not or cannot. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'WORKER_ERROR' || error.code === 'REFUSED')
  );
}
