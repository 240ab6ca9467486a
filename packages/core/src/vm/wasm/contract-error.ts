/** Why a module is refused. */
export type ContractErrorCode =
  /** The bytes are not a WebAssembly module. */
  | 'MALFORMED'
  /** It uses a feature of WebAssembly that contracts may not use. */
  | 'UNSUPPORTED'
  /** It is well formed but does not validate. */
  | 'INVALID'
  /** It exceeds one of the {@link ModuleLimits}. */
  | 'LIMIT'
  /** It imports something that the host does not offer. */
  | 'IMPORT'
  /** It lacks the export `call`, or an export is not what it has to be. */
  | 'EXPORT'
  /** Its memory is not as it has to be. */
  | 'MEMORY'
  /** It has a start function. */
  | 'START';

/**
 * A module that cannot be a contract. The message is the text of the failed task.
 *
 * Source: docs/protocol.md, "Errors".
 */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  readonly code: ContractErrorCode;

  constructor(code: ContractErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The error for bytes that do not decode, or decode to something that is refused. */
export function deserializationError(code: ContractErrorCode, reason: string): ContractError {
  return new ContractError(code, `Error in execution of deserialization into WASM module: ${reason}`);
}
