import { randomBytes } from 'node:crypto';
import { closeSync, linkSync, lstatSync, openSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** Codes of what can keep a process from a lock, besides what the file system throws. */
export type FolderLockErrorCode =
  /** Another process holds it. */
  | 'LOCKED'
  /** The folder's path is too long for a socket on this system. */
  | 'PATH_TOO_LONG';

/** A lock that cannot be had. */
export class FolderLockError extends Error {
  override readonly name = 'FolderLockError';
  readonly code: FolderLockErrorCode;

  constructor(code: FolderLockErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Ends the name of a lock that is being made, and of one that is being looked at to see whether it is stale. */
const NEW = '.new-';
const ASIDE = '.aside-';
/** Longest path of a socket on all systems, its end mark included. */
const MAX_SOCKET_PATH = 104;
const ATTEMPTS = 10;

/** Gives a file a second name. */
type Link = (from: string, to: string) => void;

/** Where a lock is, or will be. */
interface Place {
  readonly folder: string;
  readonly name: string;
  readonly path: string;
  readonly link: Link;
}

/**
 * A lock of a folder: a socket in it that the holder listens on. The system closes it when the
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
   * Takes a lock of a folder. Where there are no hard links, as in an enclave of Gramine, others are kept out all
   * the same, but what the holder before left cannot be told from what it gave back.
   * @param folder has to be there
   * @param name of the lock's file
   * @param link makes a hard link: for tests
   * @throws FolderLockError when another holds it, or the path is too long; whatever the file system throws
   */
  static async acquire(folder: string, name: string, link: Link = linkSync): Promise<FolderLock> {
    const place: Place = { folder, name, path: join(folder, name), link };
    let wasAbandoned = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const server = await tryListen(place);
      if (server === undefined) {
        await removeIfStale(place);
        wasAbandoned = true;
        continue;
      }
      const lock = new FolderLock(server.socket, place.path, wasAbandoned || server.isBare);
      if (!(await isDisplaced(place))) return lock;
      await lock.release();
      break;
    }
    throw locked(place);
  }

  /** Gives the lock back. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  /**
   * Gives the lock back as it was found: who has it next is told, too, that the holder before did not give it back.
   * For one who was told so, and came to no end with looking what that one left.
   */
  releaseAsFound(): Promise<void> {
    if (!this.wasAbandoned) return this.release();
    // Its file stays, and nobody answers.
    this.#released ??= closeOf(this.#server);
    return this.#released;
  }

  async #release(): Promise<void> {
    try {
      // Not that of a successor, should somebody have deleted ours.
      if (lstatSync(this.#path).ino === this.#inode) unlinkSync(this.#path);
    } catch {
      // Gone already.
    }
    await closeOf(this.#server);
  }
}

interface Listening {
  readonly socket: Server;
  /** Whether it has the name of the lock from the start, for want of hard links. */
  readonly isBare: boolean;
}

/** Listens under a name of its own, which then becomes the lock in one step; nothing when that is taken. */
async function tryListen(place: Place): Promise<Listening | undefined> {
  const { folder, path, link } = place;
  const own = temporaryPath(place, NEW);
  const socket = await listenAt(folder, own);
  try {
    link(own, path);
    return { socket, isBare: false };
  } catch (error) {
    await closeOf(socket);
    if (isCode(error, 'EEXIST')) return undefined;
    if (!isWithoutLinks(error)) throw error;
    return await tryListenBare(place);
  } finally {
    tryUnlink(own);
  }
}

/** Listens under the name of the lock itself, which the system gives to one socket at a time. */
async function tryListenBare({ folder, path }: Place): Promise<Listening | undefined> {
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

/** Removes a lock that nobody answers. @throws FolderLockError `LOCKED` when somebody does */
async function removeIfStale(place: Place): Promise<void> {
  const { folder, path } = place;
  if (await isAnswered(folder, path)) throw locked(place);
  const aside = temporaryPath(place, ASIDE);
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
    putBack(aside, place);
    tryUnlink(aside);
  } catch (error) {
    // Taken meanwhile: whoever did finds the lock that was put aside, and steps back.
    if (!isCode(error, 'EEXIST')) throw error;
  }
  throw locked(place);
}

function putBack(aside: string, { path, link }: Place): void {
  try {
    link(aside, path);
  } catch (error) {
    if (!isWithoutLinks(error)) throw error;
    renameSync(aside, path);
  }
}

/** Whether a lock that was put aside is alive. Removes those that are not. */
async function isDisplaced({ folder, name }: Place): Promise<boolean> {
  for (const each of readdirSync(folder)) {
    if (!each.startsWith(name + ASIDE)) continue;
    if (await isAnswered(folder, join(folder, each))) return true;
    tryUnlink(join(folder, each));
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
    throw new FolderLockError(
      'PATH_TOO_LONG',
      `the path of the folder ${folder} is too long: at most ${MAX_SOCKET_PATH - 40} bytes`,
    );
  }
  const descriptor = openSync(folder, 'r');
  try {
    return await use(`/proc/self/fd/${descriptor}/${path.slice(folder.length + 1)}`);
  } finally {
    closeSync(descriptor);
  }
}

function temporaryPath({ path }: Place, ending: string): string {
  return path + ending + randomBytes(6).toString('hex');
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

function locked({ path }: Place): FolderLockError {
  return new FolderLockError('LOCKED', `another process holds the lock ${path}`);
}
