/** Codes of everything that can go wrong with a local network besides its parts. */
export type LocalErrorCode = 'STATE_NOT_BUILT';

/** An expected failure of a local network. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
