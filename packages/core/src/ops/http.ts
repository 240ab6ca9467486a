import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { OpsError } from './errors.js';
import type { Metrics } from './metrics.js';

/** Where to serve metrics and health. */
export interface HttpOptions {
  /** Default 127.0.0.1: the figures tell how busy a worker is. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** What the HTTP server shows. */
export interface HttpSources {
  readonly metrics: Metrics;
  /** What is wrong, undefined when the worker takes requests. */
  readonly notReady: () => string | undefined;
}

/** A server that listens. */
export interface HttpServer {
  /** `http://host:port`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Connections at a time, of which a scraper needs one: each is a file descriptor, and without any left no peer of the
 * core could connect.
 */
const MOST_CONNECTIONS = 100;
/** Requests that are served on one connection, which has to be made anew then: thousands can come in one packet. */
const MOST_REQUESTS = 100;
/** Milliseconds after which a request that has not arrived is dropped. */
const REQUEST_TIMEOUT = 10_000;
/** Milliseconds after which a connection is dropped on which nothing moves, such as one whose reply is not read. */
const CONNECTION_TIMEOUT = 30_000;

/**
 * `GET /metrics` in the text format of Prometheus; `/health` answers while the process lives, `/ready` while it takes
 * requests (503 otherwise). Nothing else, and nothing that changes anything; what callers can take up is bounded.
 *
 * @throws OpsError `HTTP_UNAVAILABLE` when it cannot listen there
 */
export async function serveHttp(options: HttpOptions, sources: HttpSources): Promise<HttpServer> {
  const app = fastify({
    bodyLimit: 1024,
    requestTimeout: REQUEST_TIMEOUT,
    connectionTimeout: CONNECTION_TIMEOUT,
    maxRequestsPerSocket: MOST_REQUESTS,
    forceCloseConnections: true,
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  // Those who ask at the same time share one text: it takes as long as some tasks do, on the thread that serves them.
  let writing: Promise<string> | undefined;
  const metrics = (): Promise<string> =>
    (writing ??= sources.metrics.text().finally(() => (writing = undefined)));
  app.get('/metrics', async (_request, reply) =>
    reply.type(sources.metrics.contentType).send(await metrics()),
  );
  app.get('/health', () => ({ status: 'ok' }));
  app.get('/ready', (_request, reply) => {
    const problem = sources.notReady();
    return reply
      .code(problem === undefined ? 200 : 503)
      .send(problem === undefined ? { status: 'ready' } : { status: 'not ready', reason: problem });
  });
  const { host = '127.0.0.1', port } = options;
  try {
    await app.listen({ host, port });
    return {
      url: urlOf(app.server.address() as AddressInfo),
      close: () => app.close().then(() => undefined),
    };
  } catch (error) {
    await app.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpsError('HTTP_UNAVAILABLE', `cannot serve metrics on ${host}:${port}: ${reason}`, {
      cause: error,
    });
  }
}

/** Fastify's own would name one address of this machine where it listens on all, and hide that others reach it. */
function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
