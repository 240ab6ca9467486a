/** Why a JSON-RPC request was refused; the codes are those of docs/protocol.md, "Principal node". */
export type RpcErrorCode = keyof typeof RPC_ERROR_NUMBERS;

/** The number that goes over the wire for each code. */
export const RPC_ERROR_NUMBERS = {
  /** The request is not JSON. */
  PARSE: -32700,
  /** The request is JSON, but not JSON-RPC 2.0, or a batch beyond its limit. */
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  /** A parameter is missing or of the wrong shape. */
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  /** The worker may not have what it asked for. */
  NOT_AUTHORISED: -32001,
  /** The principal cannot tell yet: try again later. */
  ILLEGAL_STATE: -32002,
} as const;

/** An expected refusal of a request; the message goes to the caller. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: RpcErrorCode;

  constructor(code: RpcErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
