import { linkSync, lstatSync, openSync, closeSync, renameSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';

const LOCK_NAME = 'core.lock';
/** Longest path of a socket on all systems, its end mark included. */
const MAX_SOCKET_PATH = 104;
const ATTEMPTS = 10;

/**
 * The lock of a data folder: a socket in it that the holder listens on. The system closes it when the
 * holder ends, however it ends, so a lock that nobody answers is stale; unlike the number of a process,
 * which another may have by now, or which means nothing in another container.
 */
export class FolderLock {
  readonly #server: Server;
  readonly #path: string;
  readonly #inode: number;
  #released: Promise<void> | undefined;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    this.#inode = lstatSync(path).ino;
  }

  /** Takes the lock of a folder. @throws StoreError `LOCKED` when another holds it */
  static async acquire(folder: string): Promise<FolderLock> {
    const path = join(folder, LOCK_NAME);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const server = await tryListen(folder, path);
        if (server !== undefined) return new FolderLock(server, path);
        await removeIfStale(folder, path);
      }
    } catch (error) {
      throw toStoreError(`locking the data folder ${folder}`, error);
    }
    throw locked(folder);
  }

  /** Gives the lock back. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    try {
      // Not that of a successor, should somebody have deleted ours.
      if (lstatSync(this.#path).ino === this.#inode) unlinkSync(this.#path);
    } catch {
      // Gone already.
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Listens under a name of its own, which then becomes the lock in one step; nothing when that is taken. */
async function tryListen(folder: string, path: string): Promise<Server | undefined> {
  const own = join(folder, temporaryName());
  const server = createServer((visitor) => visitor.destroy());
  await withSocketPath(folder, own, (address) => {
    return new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
  });
  server.unref();
  try {
    linkSync(own, path);
    return server;
  } catch (error) {
    await new Promise((resolve) => server.close(resolve));
    if (isCode(error, 'EEXIST')) return undefined;
    throw error;
  } finally {
    tryUnlink(own);
  }
}

/** Removes a lock that nobody answers. @throws StoreError `LOCKED` when somebody does */
async function removeIfStale(folder: string, path: string): Promise<void> {
  const inode = inodeOf(path);
  if (inode === undefined) return;
  if (await isAnswered(folder, path)) throw locked(folder);
  const aside = join(folder, temporaryName());
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  // Between the question and the renaming another may have replaced the stale lock: put its lock back.
  if (inodeOf(aside) !== inode) linkSync(aside, path);
  tryUnlink(aside);
}

function isAnswered(folder: string, path: string): Promise<boolean> {
  return withSocketPath(folder, path, (address) => {
    return new Promise<boolean>((resolve) => {
      const socket = connect(address);
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      // Refused, or gone. Anything else, such as no permission, is not for us to call stale.
      socket.once('error', (error) => resolve(!isCode(error, 'ECONNREFUSED') && !isCode(error, 'ENOENT')));
    });
  });
}

/** Gives a path short enough for a socket: by way of the open folder when the plain one is too long. */
async function withSocketPath<T>(
  folder: string,
  path: string,
  use: (address: string) => Promise<T>,
): Promise<T> {
  if (Buffer.byteLength(path) < MAX_SOCKET_PATH) return use(path);
  if (process.platform !== 'linux') {
    throw new StoreError(
      'IO',
      `the path of the data folder ${folder} is too long: at most ${MAX_SOCKET_PATH - 40} bytes`,
    );
  }
  const descriptor = openSync(folder, 'r');
  try {
    return await use(`/proc/self/fd/${descriptor}/${path.slice(folder.length + 1)}`);
  } finally {
    closeSync(descriptor);
  }
}

function temporaryName(): string {
  return `${LOCK_NAME}.${toHex(randomBytes(6))}`;
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function locked(folder: string): StoreError {
  return new StoreError('LOCKED', `another core has the data folder ${folder} open`);
}
