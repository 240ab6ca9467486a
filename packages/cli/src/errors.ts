/** The command was called wrongly: shown without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/** Something that was to be expected went wrong: shown without a stack, exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'COMMAND_FAILED';
}

/**
 * Whether an error is one that users are to read, rather than a bug: one of ours, or of the system. Node's own codes
 * (`ERR_…`) say that a function was called wrongly, and so does a number of the system without the call that gave it.
 */
export function isExpected(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return false;
  return !error.code.startsWith('ERR_') && ('syscall' in error || !('errno' in error));
}

/** Whether the command was called wrongly, as we or the SDK say: that finds a call that does not fit before it sends anything. */
export function isWrongCall(error: { readonly code: string }): boolean {
  return ['USAGE', 'ARGUMENTS_MISMATCH', 'FUNCTION_UNKNOWN'].includes(error.code);
}
