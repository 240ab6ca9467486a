/** Why the server cannot start. `message` says how to mend it. */
export type IpcErrorCode =
  /** Another process listens there. */
  | 'ENDPOINT_IN_USE'
  /** The address is not of the form `tcp://host:port` or `ipc://path`, or this machine does not have it. */
  | 'BAD_ENDPOINT'
  /** Plain TCP beyond loopback: anyone who reaches the port would command the worker. */
  | 'INSECURE_BIND'
  /** A CURVE key is not 40 characters of Z85. */
  | 'BAD_CURVE_KEY'
  /** Keys were to be allowed on a socket that asks for none. */
  | 'NO_CURVE';

/** The socket could not be opened as asked. */
export class IpcError extends Error {
  override readonly name = 'IpcError';
  readonly code: IpcErrorCode;

  constructor(code: IpcErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
