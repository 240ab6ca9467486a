/** Codes of everything that can be wrong with a state, a value in it, or a delta. */
export type StateErrorCode =
  /** Text that is not JSON, or nests too deep. */
  | 'INVALID_JSON'
  /** Bytes that are not the msgpack of a JSON value. */
  | 'INVALID_MSGPACK'
  /** A patch that names something that is not there, or is not a JSON pointer. */
  | 'INVALID_POINTER'
  /** A patch that makes a state nest deeper than its text could be read again. */
  | 'TOO_DEEP'
  /** A delta that no message could carry. */
  | 'TOO_LARGE'
  /** A plaintext that is not a delta. */
  | 'INVALID_DELTA'
  /** A plaintext that is not a state. */
  | 'INVALID_STATE';

/** An expected failure of state data. The message never holds a value of the state. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
