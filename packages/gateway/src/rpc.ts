import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createJSONRPCErrorResponse,
  JSONRPCErrorCode,
  JSONRPCErrorException,
  type JSONRPCRequest,
  type JSONRPCResponse,
  JSONRPCServer,
} from 'json-rpc-2.0';
import { SERVER_ERROR } from './params.js';

/** What one HTTP body is answered with: nothing for notifications. */
type RpcReply = JSONRPCResponse | JSONRPCResponse[] | null;

/** Requests in one batch. */
const LARGEST_BATCH = 100;

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

/** Answers the JSON of one HTTP body, whatever it holds. */
export async function answerTo(rpc: JSONRPCServer, body: unknown): Promise<RpcReply> {
  if (!Array.isArray(body)) return await rpc.receive(requestOf(body));
  if (body.length === 0 || body.length > LARGEST_BATCH) {
    const message = `Invalid Request: a batch has 1 to ${LARGEST_BATCH} requests, got ${body.length}`;
    return createJSONRPCErrorResponse(null, JSONRPCErrorCode.InvalidRequest, message);
  }
  const answers: PromiseLike<JSONRPCResponse | null>[] = [];
  for (const each of body as readonly unknown[]) {
    answers.push(rpc.receive(requestOf(each)));
    // A large contract takes a while to unpack: who asks for less comes in between, as between requests of their own.
    await nextTurn();
  }
  const told = (await Promise.all(answers)).filter((answer) => answer !== null);
  return told.length === 0 ? null : told;
}

/** The library tells by itself what is no request, unless it is null, and would take a list in a list for a batch. */
function requestOf(value: unknown): JSONRPCRequest {
  return (typeof value !== 'object' || value === null || Array.isArray(value) ? {} : value) as JSONRPCRequest;
}
