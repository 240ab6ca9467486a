/**
 * Codes of the system errors of the enclave: those that get an `Error` reply without a receipt.
 * A failure of a contract or of a user's inputs is no error but a {@link FailedTask}.
 */
export type EnclaveErrorCode =
  | 'TASK_KEY_MISSING'
  | 'INVALID_USER_KEY'
  | 'STATE_KEY_MISSING'
  | 'UNKNOWN_CONTRACT'
  | 'CONTRACT_EXISTS'
  | 'STATE'
  | 'STORE'
  | 'BUSY'
  | 'CLOSED'
  | 'UNAVAILABLE'
  | 'EXCHANGE_MALFORMED'
  | 'EXCHANGE_UNKNOWN'
  | 'EXCHANGE_REPLAYED'
  | 'EXCHANGE_EXPIRED'
  | 'EXCHANGE_UNSIGNED'
  | 'EXCHANGE_FOREIGN'
  | 'EXCHANGE_UNREADABLE'
  | 'ENGINE';

/** A system error of the enclave. The message goes to the peer and never holds a secret. */
export class EnclaveError extends Error {
  override readonly name = 'EnclaveError';
  readonly code: EnclaveErrorCode;

  constructor(code: EnclaveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The text that peers of the original know, with what went wrong behind it.
 * Source: docs/protocol.md, "Errors".
 */
export function insideEnclave(
  kind: 'KeysError' | 'StateError' | 'EncryptionError' | 'OcallError',
  detail?: string,
): string {
  const text = `Error inside the Enclave = (${kind})`;
  return detail === undefined ? text : `${text}: ${detail}`;
}
