import type { AddressInfo } from 'node:net';
import cors from '@fastify/cors';
import type { Client } from '@enigma-worker/client';
import { answerBody } from '@enigma-worker/principal/json-rpc';
import fastify, { type FastifyInstance } from 'fastify';
import { createJSONRPCErrorResponse, type JSONRPCRequest } from 'json-rpc-2.0';
import { CoreWatch } from './core-watch.js';
import { LargeReplies } from './large-replies.js';
import { type GatewayLog, silentLog } from './log.js';
import type { GatewayMetrics } from './metrics.js';
import { addMethods, type GatewayLimits } from './methods.js';
import { createObserver } from './observer.js';
import { SERVER_ERROR } from './params.js';
import { createRpc, invalidBatch } from './rpc.js';
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
  /** Serves /metrics beside the rest; off when absent: who may call may not need to know how busy the worker is. */
  readonly metrics?: boolean;
  readonly logger?: GatewayLog;
}

/** A gateway that listens. */
export interface Gateway extends AsyncDisposable {
  /** For example `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Answers what is under way, for some seconds at most, then stops; asks the principal for no more. Idempotent. */
  close(): Promise<void>;
}

function provisioner(client: Client, principal: string, signal: AbortSignal, log: GatewayLog) {
  return async (address: Uint8Array): Promise<void> => {
    await syncKeys({
      client,
      principal,
      addresses: [address],
      signal,
      onRetry: (attempt, { message: reason }) => log.warn({ attempt, reason }, 'asking the principal again'),
    });
  };
}

/** A request that takes longer than this, in ms, to arrive is dropped: a large contract may come over a slow line. */
const REQUEST_TIMEOUT = 120_000;
/** How long, in ms, a close waits for requests that are under way. */
const PATIENCE = 5_000;
const DEFAULT_LIMITS: GatewayLimits = {
  bytecode: 16 << 20,
  defaultGas: 100_000_000n,
  wait: 30_000,
  replies: 256 << 20,
  unread: 60_000,
};

/**
 * Starts a JSON-RPC front door to a worker. It sees nothing secret: everything that passes is sealed for the worker
 * or for the caller.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { client, logger: log = silentLog, principal } = options;
  const watch = new CoreWatch(client, log);
  const stop = new AbortController();
  const metrics =
    options.metrics === true
      ? (await import('./metrics.js')).createMetrics(() => watch.reachable)
      : undefined;
  const rpc = createRpc();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const replies = new LargeReplies(limits.replies);
  addMethods(rpc, {
    client,
    tasks: new TaskRegistry(options.capacity ?? 10_000, options.lifetime ?? 3_600_000),
    limits,
    observer: createObserver(log, metrics),
    ...(principal !== undefined && { provision: provisioner(client, principal, stop.signal, log) }),
  });

  const app = fastify({
    bodyLimit: options.bodyLimit ?? 20 << 20,
    requestTimeout: REQUEST_TIMEOUT,
    // Idle keep-alive connections must not hold up a close.
    forceCloseConnections: 'idle',
  });
  const { origins = true } = options;
  await app.register(cors, { origin: origins === true ? true : [...origins], methods: ['POST', 'GET'] });
  app.post('/', async (request, reply) => {
    const counted = replies.to(reply.raw);
    const receive = async (each: JSONRPCRequest) => counted(await rpc.receive(each));
    const answer = await answerBody({ receive }, request.body, invalidBatch);
    reply.raw.setTimeout(limits.unread, () => reply.raw.destroy());
    return answer ?? reply.code(204).send();
  });
  addOps(app, watch, metrics);
  addLog(app, log);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    watch.close();
    stop.abort();
    return (closing ??= closeServer(app));
  };
  try {
    await app.listen({ host: options.host, port: options.port });
    void watch.answers();
    return { url: urlOf(app.server.address() as AddressInfo), close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Fastify's own would name one address of this machine where it listens on all, and hide that others reach it. */
function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Answers what is under way, and drops what takes too long. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), PATIENCE).unref();
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

/** `/healthcheck` answers while the process lives, `/ready` while the core answers too (503 otherwise). */
function addOps(app: FastifyInstance, watch: CoreWatch, metrics: GatewayMetrics | undefined): void {
  app.get('/healthcheck', () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    const answers = await watch.answers();
    return reply
      .code(answers ? 200 : 503)
      .send(answers ? { status: 'ready' } : { status: 'not ready', reason: 'the core does not answer' });
  });
  if (metrics === undefined) return;
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}

/** Requests are for debugging only: what they were about is told by the observer. */
function addLog(app: FastifyInstance, log: GatewayLog): void {
  app.addHook('onResponse', async ({ method, url, ip }, { statusCode: status, elapsedTime: ms }) => {
    log.debug({ method, url, ip, status, ms }, 'request answered');
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const { statusCode = 500, message } = error;
    if (statusCode >= 500) log.error({ err: error }, 'request failed: this is a bug');
    const code = statusCode < 500 ? -32700 : SERVER_ERROR;
    return reply.code(statusCode).send(createJSONRPCErrorResponse(null, code, message));
  });
}
