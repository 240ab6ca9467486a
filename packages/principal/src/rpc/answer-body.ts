import { setImmediate as nextTurn } from 'node:timers/promises';
import { isJSONRPCID, type JSONRPCRequest, type JSONRPCResponse } from 'json-rpc-2.0';

/** What one HTTP body is answered with: nothing for notifications. */
export type RpcReply = JSONRPCResponse | JSONRPCResponse[] | null;

/** Answers single requests, as a `JSONRPCServer` does. */
export interface Receiver {
  receive(request: JSONRPCRequest): PromiseLike<JSONRPCResponse | null>;
}

/** Requests in one batch. */
const LARGEST_BATCH = 100;

/**
 * Answers the JSON of one HTTP body, whatever it holds: a request or a batch of them, each for itself (JSON-RPC 2.0).
 * @param refuse makes the reply to a batch of a wrong size
 */
export async function answerBody(
  server: Receiver,
  body: unknown,
  refuse: (message: string) => JSONRPCResponse,
): Promise<RpcReply> {
  if (!Array.isArray(body)) return await server.receive(requestOf(body));
  if (body.length === 0 || body.length > LARGEST_BATCH) {
    return refuse(`a batch has 1 to ${LARGEST_BATCH} requests, got ${body.length}`);
  }
  // One by one: the library would answer a batch of one without its list.
  const answers: PromiseLike<JSONRPCResponse | null>[] = [];
  for (const each of body as readonly unknown[]) {
    answers.push(server.receive(requestOf(each)));
    // One may take a while: who asks for less comes in between, as between requests of their own.
    await nextTurn();
  }
  const told = (await Promise.all(answers)).filter((answer) => answer !== null);
  return told.length === 0 ? null : told;
}

/**
 * The library judges any object for itself, but stumbles over null and the like, takes a list for a batch, and repeats
 * any value for an id: one of lists inside each other, deep enough, cannot be written again.
 */
function requestOf(value: unknown): JSONRPCRequest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {} as JSONRPCRequest;
  const { id } = value as { readonly id?: unknown };
  return (id === undefined || isJSONRPCID(id) ? value : {}) as JSONRPCRequest;
}
