/** Where something stands in a source file; lines and columns count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Why a contract does not compile. `SOURCE`: the contract is wrong; `NOT_FOUND`: a file is missing; `COMPILER`: AssemblyScript
 * refused, and the message is its report.
 */
export type CompileErrorCode = 'SOURCE' | 'NOT_FOUND' | 'COMPILER';

/** A contract does not compile. The message is for its author: it says what is wrong, and where. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly code: CompileErrorCode;
  readonly position: SourcePosition | undefined;

  constructor(code: CompileErrorCode, message: string, position?: SourcePosition) {
    const where = position ? `${position.file}:${position.line}:${position.column}: ` : '';
    // A list of errors says by itself where each one is.
    super(message.startsWith(where) ? message : where + message);
    this.code = code;
    this.position = position;
  }

  /** The errors of AssemblyScript's compiler as one, which stands where the first of them does; `undefined` for none. */
  static ofAll(errors: readonly CompileError[]): CompileError | undefined {
    const message = errors.map((error) => error.message).join('\n');
    return errors[0] && new CompileError('COMPILER', message, errors[0].position);
  }
}
