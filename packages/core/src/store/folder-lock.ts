import { closeSync, linkSync, lstatSync, openSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { toStoreError } from './database-errors.js';
import { StoreError } from './errors.js';

const LOCK_NAME = 'core.lock';
/** Name of a lock that is being made, and of one that is being looked at to see whether it is stale. */
const NEW_PREFIX = `${LOCK_NAME}.new-`;
const ASIDE_PREFIX = `${LOCK_NAME}.aside-`;
/** Longest path of a socket on all systems, its end mark included. */
const MAX_SOCKET_PATH = 104;
const ATTEMPTS = 10;

/** Gives a file a second name. */
type Link = (from: string, to: string) => void;

/**
 * The lock of a data folder: a socket in it that the holder listens on. The system closes it when the
 * holder ends, however it ends, so a lock that nobody answers is stale; unlike the number of a process,
 * which another may have by now, or which means nothing in another container.
 */
export class FolderLock {
  readonly #server: Server;
  readonly #path: string;
  readonly #inode: number | undefined;
  /** Whether the holder before ended without giving the lock back, or may have. */
  readonly wasAbandoned: boolean;
  #released: Promise<void> | undefined;

  private constructor(server: Server, path: string, wasAbandoned: boolean) {
    this.#server = server;
    this.wasAbandoned = wasAbandoned;
    this.#path = path;
    this.#inode = lstatSync(path, { throwIfNoEntry: false })?.ino;
  }

  /**
   * Takes the lock of a folder. Where there are no hard links, as in an enclave of Gramine, others are kept out all
   * the same, but what the holder before left cannot be told from what it gave back.
   * @param link makes a hard link: for tests
   * @throws StoreError `LOCKED` when another holds it
   */
  static async acquire(folder: string, link: Link = linkSync): Promise<FolderLock> {
    const path = join(folder, LOCK_NAME);
    let wasAbandoned = false;
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const server = await tryListen(folder, path, link);
        if (server === undefined) {
          await removeIfStale(folder, path, link);
          wasAbandoned = true;
          continue;
        }
        const lock = new FolderLock(server.socket, path, wasAbandoned || server.isBare);
        if (!(await isDisplaced(folder))) return lock;
        await lock.release();
        break;
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

interface Listening {
  readonly socket: Server;
  /** Whether it has the name of the lock from the start, for want of hard links. */
  readonly isBare: boolean;
}

/** Listens under a name of its own, which then becomes the lock in one step; nothing when that is taken. */
async function tryListen(folder: string, path: string, link: Link): Promise<Listening | undefined> {
  const own = temporaryPath(folder, NEW_PREFIX);
  const socket = await listenAt(folder, own);
  try {
    link(own, path);
    return { socket, isBare: false };
  } catch (error) {
    await closeOf(socket);
    if (isCode(error, 'EEXIST')) return undefined;
    if (!isWithoutLinks(error)) throw error;
    return await tryListenBare(folder, path);
  } finally {
    tryUnlink(own);
  }
}

/** Listens under the name of the lock itself, which the system gives to one socket at a time. */
async function tryListenBare(folder: string, path: string): Promise<Listening | undefined> {
  try {
    return { socket: await listenAt(folder, path), isBare: true };
  } catch (error) {
    if (isCode(error, 'EADDRINUSE')) return undefined;
    throw error;
  }
}

async function listenAt(folder: string, path: string): Promise<Server> {
  const server = createServer((visitor) => visitor.destroy());
  await withSocketPath(folder, path, (address) => {
    return new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
  });
  return server.unref();
}

function closeOf(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Removes a lock that nobody answers. @throws StoreError `LOCKED` when somebody does */
async function removeIfStale(folder: string, path: string, link: Link): Promise<void> {
  if (await isAnswered(folder, path)) throw locked(folder);
  const aside = temporaryPath(folder, ASIDE_PREFIX);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  // Between the question and the renaming another may have replaced the stale lock: ask again, now that
  // nobody else can touch it, and put back what is alive.
  if (!(await isAnswered(folder, aside))) {
    tryUnlink(aside);
    return;
  }
  try {
    putBack(aside, path, link);
    tryUnlink(aside);
  } catch (error) {
    // Taken meanwhile: whoever did finds the lock that was put aside, and steps back.
    if (!isCode(error, 'EEXIST')) throw error;
  }
  throw locked(folder);
}

function putBack(aside: string, path: string, link: Link): void {
  try {
    link(aside, path);
  } catch (error) {
    if (!isWithoutLinks(error)) throw error;
    renameSync(aside, path);
  }
}

/** Whether a lock that was put aside is alive. Removes those that are not. */
async function isDisplaced(folder: string): Promise<boolean> {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(ASIDE_PREFIX)) continue;
    if (await isAnswered(folder, join(folder, name))) return true;
    tryUnlink(join(folder, name));
  }
  return false;
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

function temporaryPath(folder: string, prefix: string): string {
  return join(folder, prefix + toHex(randomBytes(6)));
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

/** Whether the system, or the file system, has no hard links. */
function isWithoutLinks(error: unknown): boolean {
  return ['ENOSYS', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP'].some((code) => isCode(error, code));
}

function locked(folder: string): StoreError {
  return new StoreError('LOCKED', `another core has the data folder ${folder} open`);
}
