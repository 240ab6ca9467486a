import { createJSONRPCErrorResponse, type JSONRPCResponse, JSONRPCServer } from 'json-rpc-2.0';
import type { Logger } from '@enigma-worker/host';
import type { PrincipalMetrics } from '../metrics.js';
import { answerBody, type RpcReply } from './answer-body.js';
import { RPC_ERROR_NUMBERS, RpcError, type RpcErrorCode } from './errors.js';

/** One JSON-RPC method: unknown parameters in, a JSON value out; refuses by {@link RpcError}. */
export type RpcMethod = (params: unknown) => unknown;

/** Answers the JSON text of one HTTP body, whatever it holds. */
export type RpcServer = (body: string) => Promise<RpcReply>;

/** A JSON-RPC 2.0 server over the given methods. */
export function createRpcServer(
  methods: Readonly<Record<string, RpcMethod>>,
  metrics: PrincipalMetrics,
  log: Logger,
): RpcServer {
  const server = new JSONRPCServer({ errorListener: () => undefined });
  for (const [name, method] of Object.entries(methods))
    server.addMethod(name, measured(name, method, metrics, log));
  server.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
    const { code, message } = asRefusal(error);
    return createJSONRPCErrorResponse(id, RPC_ERROR_NUMBERS[code], message);
  };
  return async (body) => {
    let request: unknown;
    try {
      request = JSON.parse(body);
    } catch {
      return refusal('PARSE', 'the body is not JSON');
    }
    return await answerBody(server, request, (message) => refusal('INVALID_REQUEST', message));
  };
}

/** The reply to a body that holds no request. */
export function refusal(code: RpcErrorCode, message: string): JSONRPCResponse {
  return createJSONRPCErrorResponse(null, RPC_ERROR_NUMBERS[code], message);
}

function measured(name: string, method: RpcMethod, metrics: PrincipalMetrics, log: Logger): RpcMethod {
  return async (params) => {
    const end = metrics.start(name);
    try {
      const result = await method(params);
      end('OK');
      return result;
    } catch (error) {
      const { code, message } = asRefusal(error);
      end(code);
      if (code === 'INTERNAL')
        log.error({ method: name, err: error }, 'a request failed inside the principal');
      else log.info({ method: name, code, reason: message }, 'request refused');
      throw error;
    }
  };
}

function asRefusal(error: unknown): { code: RpcErrorCode; message: string } {
  return error instanceof RpcError ? error : { code: 'INTERNAL', message: 'internal error' };
}
