import { isIP } from 'node:net';
import { isCurveKey } from '@enigma-worker/protocol';
import { IpcError } from './errors.js';

/** Keys of a CURVE server, in ZeroMQ's Z85 text (40 characters each). */
export interface CurveServer {
  readonly secretKey: string;
  /** Public keys of the peers that may connect; everybody else gets nothing at all. */
  readonly allowedClients: readonly string[];
}

/** How a worker is asked to listen. */
export interface BindOptions {
  /** `tcp://host:port` or `ipc://path`; takes the place of `port`. */
  readonly bind?: string;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  readonly port?: number;
  readonly curve?: CurveServer;
  /** Permits plain TCP beyond loopback: for networks that are private by other means. */
  readonly insecureBind?: boolean;
}

/** The port of the deployed system (docs/protocol.md, "Transport"). */
export const DEFAULT_PORT = 5552;

/** Of Linux, one less than its structure has, for a zero at the end; others have a few less and say so. */
const IPC_PATH_BYTES = 107;

/** Whether whoever reaches the port commands the worker: plain TCP beyond loopback. */
export function isOpenToAll({ bind, curve }: BindOptions): boolean {
  if (bind === undefined || curve !== undefined || bind.startsWith('ipc://')) return false;
  return !isLoopback(tcpHost(bind));
}

/**
 * The endpoint to bind, once it is certain that it is a safe one.
 *
 * @throws IpcError `BAD_ENDPOINT`, `INSECURE_BIND`, `BAD_CURVE_KEY`.
 */
export function safeEndpoint(options: BindOptions): string {
  const endpoint = options.bind ?? `tcp://127.0.0.1:${options.port ?? DEFAULT_PORT}`;
  if (options.curve !== undefined) requireCurveKeys(options.curve);
  if (endpoint.startsWith('ipc://') && endpoint.length > 'ipc://'.length) return socketFile(endpoint);
  const host = tcpHost(endpoint);
  if (options.curve === undefined && options.insecureBind !== true && !isLoopback(host)) {
    throw new IpcError(
      'INSECURE_BIND',
      `${endpoint} is reachable from other machines and unencrypted: give CURVE keys, bind to 127.0.0.1, or allow it expressly (--insecure-bind, insecureBind)`,
    );
  }
  return endpoint;
}

/** An endpoint that stands for a file. What the system cuts off of a path, it does so silently. */
function socketFile(endpoint: string): string {
  const path = endpoint.slice('ipc://'.length);
  if (path === '*' || path.startsWith('@')) {
    const detail = 'expected the path of a file, neither a name of its own choice nor an abstract one';
    throw new IpcError('BAD_ENDPOINT', `${endpoint}: ${detail}`);
  }
  if (Buffer.byteLength(path) > IPC_PATH_BYTES) {
    throw new IpcError(
      'BAD_ENDPOINT',
      `${endpoint}: the path of a socket has at most ${IPC_PATH_BYTES} bytes`,
    );
  }
  return endpoint;
}

function tcpHost(endpoint: string): string {
  const match = /^tcp:\/\/(\[[^\]]+\]|[^:/]+):(\d+|\*)$/.exec(endpoint);
  const [, host, port] = match ?? [];
  if (host === undefined || (port !== '*' && Number(port) > 65_535)) {
    throw new IpcError(
      'BAD_ENDPOINT',
      `"${endpoint}" is not an endpoint: expected tcp://host:port or ipc://path`,
    );
  }
  return host.replace(/^\[|\]$/g, '');
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function requireCurveKeys(curve: CurveServer): void {
  if (!isCurveKey(curve.secretKey)) {
    throw new IpcError('BAD_CURVE_KEY', 'the CURVE secret key of the server is not 40 characters of Z85');
  }
  requireClientKeys(curve.allowedClients);
}

/** @throws IpcError `BAD_CURVE_KEY` */
export function requireClientKeys(keys: readonly string[]): void {
  for (const key of keys) {
    if (!isCurveKey(key)) {
      throw new IpcError(
        'BAD_CURVE_KEY',
        `the allowed CURVE client key "${key}" is not 40 characters of Z85`,
      );
    }
  }
}
