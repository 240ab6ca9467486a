/** Codes of everything that can be wrong with what another process sent. */
export type ProtocolErrorCode =
  /** A frame that is not JSON, or not a JSON object. */
  | 'JSON_INVALID'
  /** A frame, a byte string, a list or a nesting beyond its limit. */
  | 'LIMIT_EXCEEDED'
  /** A request whose `type` is missing or names no message. */
  | 'TYPE_UNKNOWN'
  /** A request whose `id` is neither a string nor an integer. */
  | 'ID_INVALID'
  /** A field that must be there and is not. */
  | 'FIELD_MISSING'
  /** A field of the wrong type, length or range. */
  | 'FIELD_INVALID'
  /** A reply that is neither a result, a failed task nor an error. */
  | 'REPLY_INVALID'
  /** A key-exchange message that does not parse. */
  | 'EXCHANGE_INVALID'
  /** A worker selection that no parameters of an epoch can answer. */
  | 'SELECTION_IMPOSSIBLE';

/** An expected failure to read what another process sent. The message never holds a secret value. */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
