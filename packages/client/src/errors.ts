/** Why a call brought no result. */
export type ClientErrorCode =
  /** The worker answered with an error; the message is the worker's own text. */
  | 'REFUSED'
  /** No answer in time. The request may still be carried out. */
  | 'TIMEOUT'
  /** The connection broke while the answer was due. The request may have been carried out. */
  | 'CONNECTION_LOST'
  /** The worker does not accept our CURVE key, is not the one whose key we expect, or one side alone speaks CURVE. */
  | 'DENIED'
  /** The caller's signal was aborted. */
  | 'ABORTED'
  /** The client was closed. */
  | 'CLOSED'
  /** What came is not a reply of this protocol. */
  | 'BAD_REPLY'
  /** The address of the worker is not of the form `tcp://host:port` or `ipc://path`. */
  | 'BAD_ENDPOINT'
  /** A CURVE key is not 40 characters of Z85. */
  | 'BAD_CURVE_KEY';

/** A call that brought no result. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
