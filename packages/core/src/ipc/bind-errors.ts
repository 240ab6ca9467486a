import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { IpcError } from './errors.js';

/** The file of an `ipc://` endpoint, undefined for TCP. */
export function ipcPath(endpoint: string): string | undefined {
  return endpoint.startsWith('ipc://') ? endpoint.slice('ipc://'.length) : undefined;
}

/**
 * Makes sure that a socket's file may be made, or replaced because its server died.
 * @throws IpcError `ENDPOINT_IN_USE` when a server lives there, `BAD_ENDPOINT` when it is another kind of file or there
 * is no folder for it
 */
export async function requireFree(path: string): Promise<void> {
  if (!existsSync(dirname(path))) {
    throw new IpcError('BAD_ENDPOINT', `cannot listen on ipc://${path}: there is no folder ${dirname(path)}`);
  }
  if (!existsSync(path)) return;
  if (!statSync(path).isSocket()) {
    throw new IpcError(
      'BAD_ENDPOINT',
      `cannot listen on ipc://${path}: a file of that name exists and is no socket`,
    );
  }
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    }).on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
  if (alive) throw inUse(`ipc://${path}`);
}

/** The mask of new files belongs to the process: whoever took it while another has changed it would put that back. */
let maskIsFree: Promise<unknown> = Promise.resolve();

/** Runs `bind` so that the files it makes are for our own user only, from their first moment on; one after the other. */
export function withPrivateFiles<T>(bind: () => Promise<T>): Promise<T> {
  const bound = maskIsFree.then(async () => {
    const mask = process.umask(0o177);
    try {
      return await bind();
    } finally {
      process.umask(mask);
    }
  });
  maskIsFree = bound.catch(() => undefined);
  return bound;
}

/** What a failure to bind means. */
export function bindError(endpoint: string, error: unknown): IpcError {
  if (error instanceof IpcError) return error;
  if ((error as { code?: string }).code === 'EADDRINUSE') return inUse(endpoint, error);
  return new IpcError('BAD_ENDPOINT', `cannot listen on ${endpoint}: ${(error as Error).message}`, {
    cause: error,
  });
}

function inUse(endpoint: string, cause?: unknown): IpcError {
  const text = `${endpoint} is taken: stop what listens there, or choose another`;
  return new IpcError('ENDPOINT_IN_USE', text, { cause });
}
