import cors from '@fastify/cors';
import type { Client } from '@enigma-worker/client';
import fastify, { type FastifyBaseLogger } from 'fastify';
import {
  createJSONRPCErrorResponse,
  JSONRPCErrorException,
  JSONRPCServer,
  type JSONRPCRequest,
} from 'json-rpc-2.0';
import { addMethods, type GatewayLimits } from './methods.js';
import { SERVER_ERROR } from './params.js';
import { syncKeys } from './sync-keys.js';
import { TaskRegistry } from './tasks.js';

/** How the gateway serves. */
export interface GatewayOptions {
  /** The worker behind it. The gateway does not close it. */
  readonly client: Client;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Origins of pages that may call; `true` for any. */
  readonly origins?: true | readonly string[];
  /** Bytes of a request; 20 MiB when absent. */
  readonly bodyLimit?: number;
  /** Tasks under way and results kept; 10,000 when absent. */
  readonly capacity?: number;
  /** ms for which a result can be fetched; an hour when absent. */
  readonly lifetime?: number;
  readonly limits?: Partial<GatewayLimits>;
  /** The principal node from which state keys of new contracts are fetched before they are deployed. */
  readonly principal?: string;
  readonly logger?: FastifyBaseLogger;
}

/** A gateway that listens. */
export interface Gateway extends AsyncDisposable {
  /** For example `http://127.0.0.1:3000`. */
  readonly url: string;
  close(): Promise<void>;
}

function provisioner(client: Client, principal: string) {
  return async (address: Uint8Array): Promise<void> => {
    await syncKeys({ client, principal, addresses: [address] });
  };
}

/**
 * A body as the server of JSON-RPC takes it, alone or in a list. It tells by itself what is no request, unless that
 * is null: then an empty object stands for it, which is refused as such.
 */
function requestOf(body: unknown): JSONRPCRequest {
  const requests: unknown = Array.isArray(body) ? body.map((each: unknown) => each ?? {}) : (body ?? {});
  return requests as JSONRPCRequest;
}

const DEFAULT_LIMITS: GatewayLimits = { bytecode: 16 << 20, defaultGas: 100_000_000n, wait: 30_000 };

/**
 * Starts a JSON-RPC front door to a worker. It sees nothing secret: everything that passes is sealed for the worker
 * or for the caller.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const rpc = new JSONRPCServer({ errorListener: () => undefined });
  rpc.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
    if (error instanceof JSONRPCErrorException)
      return createJSONRPCErrorResponse(id, error.code, error.message);
    const reason = error instanceof Error ? error.message : 'failed';
    return createJSONRPCErrorResponse(id, SERVER_ERROR, `Server error: ${reason}`);
  };
  addMethods(rpc, {
    client: options.client,
    tasks: new TaskRegistry(options.capacity ?? 10_000, options.lifetime ?? 3_600_000),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    ...(options.principal !== undefined && { provision: provisioner(options.client, options.principal) }),
  });

  const app = fastify({
    bodyLimit: options.bodyLimit ?? 20 << 20,
    forceCloseConnections: true,
    ...(options.logger !== undefined && { loggerInstance: options.logger }),
  });
  const { origins = true } = options;
  await app.register(cors, { origin: origins === true ? true : [...origins], methods: ['POST', 'GET'] });
  app.get('/healthcheck', () => ({ status: 'ok' }));
  app.post('/', async (request, reply) => {
    const answer = await rpc.receive(requestOf(request.body));
    return answer ?? reply.code(204).send();
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const parse = error.statusCode !== undefined && error.statusCode < 500;
    const code = parse ? -32700 : SERVER_ERROR;
    return reply.code(error.statusCode ?? 500).send(createJSONRPCErrorResponse(null, code, error.message));
  });
  const url = await app.listen({ host: options.host, port: options.port });
  const close = () => app.close();
  return { url, close, [Symbol.asyncDispose]: close };
}
