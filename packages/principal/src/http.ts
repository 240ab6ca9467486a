import { fastify, type FastifyInstance } from 'fastify';
import { PrincipalError } from './errors.js';
import type { Logger } from '@enigma-worker/host';
import type { PrincipalMetrics } from './metrics.js';
import { refusal, type RpcServer } from './rpc/server.js';

/** Where and how the principal listens. */
export interface HttpOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Bytes of the longest body. */
  readonly bodyLimit: number;
  /** Milliseconds that a close gives requests under way. Default 5,000. */
  readonly patience?: number;
}

/** What HTTP needs from the principal. */
export interface HttpModules {
  readonly rpc: RpcServer;
  readonly metrics: PrincipalMetrics;
  readonly healthy: () => boolean;
  readonly log: Logger;
}

/** A server that listens. */
export interface HttpServer {
  /** The port it got. */
  readonly port: number;
  /** Takes no new requests, answers those under way, drops what takes too long, then resolves. Idempotent. */
  close(): Promise<void>;
}

/** A request that takes longer than this to arrive is dropped. */
const REQUEST_TIMEOUT = 30_000;
const PATIENCE = 5_000;

/**
 * JSON-RPC on `POST /`, figures on `GET /metrics`, health on `GET /health`.
 * @throws PrincipalError `LISTEN_FAILED`, e.g. when the port is taken
 */
export async function listen(options: HttpOptions, modules: HttpModules): Promise<HttpServer> {
  const app = fastify({
    bodyLimit: options.bodyLimit,
    requestTimeout: REQUEST_TIMEOUT,
    // Idle keep-alive connections must not hold up a close.
    forceCloseConnections: 'idle',
  });
  addRoutes(app, modules);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new PrincipalError('LISTEN_FAILED', `cannot listen on ${options.host}:${options.port}: ${reason}`, {
      cause: error,
    });
  }
  const address = app.server.address();
  let closing: Promise<void> | undefined;
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => (closing ??= close(app, options.patience ?? PATIENCE)),
  };
}

async function close(app: FastifyInstance, patience: number): Promise<void> {
  // Once a server closes, nothing else bounds the time that a request takes to arrive.
  const timer = setTimeout(() => app.server.closeAllConnections(), patience).unref();
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

function addRoutes(app: FastifyInstance, { rpc, metrics, healthy, log }: HttpModules): void {
  // Whatever media type a client claims, the body is taken as text: only the JSON-RPC server judges it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  app.post('/', async (request, reply) => {
    const answer = await rpc(typeof request.body === 'string' ? request.body : '');
    if (answer === null) return await reply.code(204).send();
    return await reply.type('application/json').send(JSON.stringify(answer));
  });
  app.get('/health', (_request, reply) => {
    const status = healthy();
    return reply.code(status ? 200 : 503).send({ status: status ? 'ok' : 'failing' });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));

  app.setErrorHandler((error: { statusCode?: number; code?: string; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error }, 'an HTTP request failed');
    const answer =
      status >= 500 ? refusal('INTERNAL', 'internal error') : refusal('INVALID_REQUEST', error.message);
    return reply.code(status).type('application/json').send(JSON.stringify(answer));
  });
}
