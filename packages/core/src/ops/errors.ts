/** Codes of what can go wrong with the view from outside. */
export type OpsErrorCode =
  /** The HTTP address is taken, or this machine does not have it. */
  'HTTP_UNAVAILABLE';

/** Metrics and health could not be served. */
export class OpsError extends Error {
  override readonly name = 'OpsError';
  readonly code: OpsErrorCode;

  constructor(code: OpsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
