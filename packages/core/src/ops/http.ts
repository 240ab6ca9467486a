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
 * `GET /metrics` in the text format of Prometheus; `/health` answers while the process lives, `/ready` while it takes
 * requests (503 otherwise). Nothing else, and nothing that changes anything.
 *
 * @throws OpsError `HTTP_UNAVAILABLE` when it cannot listen there
 */
export async function serveHttp(options: HttpOptions, sources: HttpSources): Promise<HttpServer> {
  const app = fastify({ bodyLimit: 1024, requestTimeout: 10_000, forceCloseConnections: true });
  app.get('/metrics', async (_request, reply) =>
    reply.type(sources.metrics.contentType).send(await sources.metrics.text()),
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
    const url = await app.listen({ host, port });
    return { url, close: () => app.close().then(() => undefined) };
  } catch (error) {
    await app.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpsError('HTTP_UNAVAILABLE', `cannot serve metrics on ${host}:${port}: ${reason}`, {
      cause: error,
    });
  }
}
