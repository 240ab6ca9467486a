import { unlinkSync } from 'node:fs';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import { bindError, ipcPath, requireFree, withPrivateFiles } from './bind-errors.js';
import { type Frames, KEEP_ALIVE, LAST_REPLIES, type Transport, type TransportOptions } from './transport.js';
import { Turn } from './turn.js';
import { Budget } from './zmtp/budget.js';
import { Connection, type SharedByConnections } from './zmtp/connection.js';
import { Departures } from './zmtp/departures.js';

/** How long, in ms, closing waits for replies that are on their way out. */
const LINGER = 2_000;
/** Connections that wait to be accepted. */
const BACKLOG = 1024;
/** What hosts stand for where ZeroMQ and the resolver may differ. */
const HOSTS: Readonly<Record<string, string>> = { '*': '0.0.0.0', localhost: '127.0.0.1' };
/** Bytes of a peer's name, as ROUTER makes them: a zero and a number. */
const NAME_LENGTH = 5;

/** A ROUTER socket over TCP or `ipc://`, without encryption: ZMTP 3.0 with the NULL mechanism. */
export class PlainTransport implements Transport {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #options: TransportOptions;
  readonly #turn: Turn;
  readonly #connections = new Map<number, Connection>();
  #take: ((frames: Frames) => void) | undefined;
  readonly #shared: SharedByConnections;
  #next = 1;
  #closed: Promise<void> | undefined;

  private constructor(server: Server, endpoint: string, options: TransportOptions) {
    this.#server = server;
    this.endpoint = endpoint;
    this.#options = options;
    this.#turn = new Turn(options.spin);
    const budget = new Budget(Math.max(options.heldBytes, options.maxFrameBytes));
    this.#shared = { departures: new Departures(), budget };
  }

  /** @throws IpcError when the address is malformed or taken. */
  static async bind(endpoint: string, options: TransportOptions): Promise<Transport> {
    const server = createServer({
      noDelay: true,
      allowHalfOpen: true,
      // A peer whose machine is gone says no more.
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE,
    });
    const path = ipcPath(endpoint);
    try {
      if (path === undefined) {
        await listen(server, tcpOptions(endpoint));
      } else {
        await requireFree(path);
        unlinkStale(path);
        await withPrivateFiles(() => listen(server, { path }));
      }
    } catch (error) {
      server.close();
      throw bindError(endpoint, error);
    }
    return new PlainTransport(server, path === undefined ? boundTo(server) : endpoint, options);
  }

  start(take: (frames: Frames) => void): void {
    this.#take = take;
    this.#server.on('connection', (socket) => {
      const number = this.#nextNumber();
      const name = Buffer.alloc(NAME_LENGTH);
      name.writeUInt32BE(number, 1);
      const limits = {
        messageBytes: this.#options.maxFrameBytes,
        outboundBytes: this.#options.outboundBytes,
      };
      const events = {
        message: (frames: Buffer[]) => {
          this.#turn.began(name);
          this.#take?.([name, ...frames]);
        },
        overdue: () => this.#turn.overdue(),
        sent: this.#options.sent,
        closed: () => {
          this.#connections.delete(number);
          this.#options.gone(name);
        },
      };
      this.#connections.set(number, new Connection(socket, limits, events, this.#shared));
    });
  }

  send(frames: Uint8Array[]): void {
    const [name, ...bodies] = frames;
    if (name?.length === NAME_LENGTH) this.#connections.get(numberOf(name))?.send(bodies);
  }

  isGone(peer: Uint8Array): boolean {
    return !this.#connections.has(numberOf(peer));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#turn.stop();
    const ended = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (this.#connections.size > 0) await new Promise((resolve) => setTimeout(resolve, LAST_REPLIES));
    this.#take = undefined;
    for (const connection of this.#connections.values()) connection.end();
    const timer = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.destroy();
    }, LINGER);
    await ended;
    clearTimeout(timer);
  }

  #nextNumber(): number {
    while (this.#connections.has(this.#next)) this.#next = (this.#next + 1) >>> 0;
    const number = this.#next;
    this.#next = (this.#next + 1) >>> 0;
    return number;
  }
}

function numberOf(name: Uint8Array): number {
  return ((name[1]! << 24) | (name[2]! << 16) | (name[3]! << 8) | name[4]!) >>> 0;
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function tcpOptions(endpoint: string): ListenOptions {
  const { host, port } = /^tcp:\/\/(?<host>.+):(?<port>[^:]+)$/.exec(endpoint)?.groups ?? {};
  return {
    host: HOSTS[host ?? ''] ?? (host ?? '').replace(/^\[|\]$/g, ''),
    port: port === '*' ? 0 : Number(port),
  };
}

function boundTo(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `tcp://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function unlinkStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
}
