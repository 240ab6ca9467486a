/** Codes of everything that can go wrong with the principal outside of a request. */
export type PrincipalErrorCode =
  | 'DATA_CORRUPT'
  /** The data folder was in use, and holds no secrets. */
  | 'SECRETS_MISSING'
  /** The secrets, or the backup, are of before a rotation since which contracts got keys. */
  | 'SECRETS_OUTDATED'
  /** Another principal, or a tool, has the data folder open. */
  | 'LOCKED'
  | 'ALREADY_PROVISIONED'
  | 'NOT_PROVISIONED'
  | 'BACKUP_MALFORMED'
  | 'WRONG_PASSPHRASE'
  | 'EPOCHS_MALFORMED'
  | 'LISTEN_FAILED';

/** An expected failure of the principal. The message never holds a key. */
export class PrincipalError extends Error {
  override readonly name = 'PrincipalError';
  readonly code: PrincipalErrorCode;

  constructor(code: PrincipalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
