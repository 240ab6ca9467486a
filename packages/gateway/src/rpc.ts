import {
  createJSONRPCErrorResponse,
  JSONRPCErrorCode,
  JSONRPCErrorException,
  type JSONRPCResponse,
  JSONRPCServer,
} from 'json-rpc-2.0';
import { SERVER_ERROR } from './params.js';

/** A JSON-RPC 2.0 server without methods, which tells callers why a call failed. */
export function createRpc(): JSONRPCServer {
  const rpc = new JSONRPCServer({ errorListener: () => undefined });
  rpc.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
    if (error instanceof JSONRPCErrorException)
      return createJSONRPCErrorResponse(id, error.code, error.message);
    const reason = error instanceof Error ? error.message : 'failed';
    return createJSONRPCErrorResponse(id, SERVER_ERROR, `Server error: ${reason}`);
  };
  return rpc;
}

/** The reply to a batch of a wrong size. */
export function invalidBatch(message: string): JSONRPCResponse {
  return createJSONRPCErrorResponse(null, JSONRPCErrorCode.InvalidRequest, `Invalid Request: ${message}`);
}
