import { chmodSync, existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { Context, Router } from 'zeromq';
import { type BindOptions, safeEndpoint } from './endpoint.js';
import { IpcError } from './errors.js';
import { Outbox, type OutboxLimits } from './outbox.js';
import { Turn } from './turn.js';
import { admitOnly, type Gatekeeper } from './zap.js';

/** One message as ROUTER gives it: the peer's routing id, then its frames. */
export type Frames = readonly Uint8Array[];

/** What a transport needs besides its address. */
export interface TransportOptions extends BindOptions, OutboxLimits {
  /** Largest frame that is read at all, in bytes; a peer that sends more is disconnected. */
  readonly maxFrameBytes: number;
  /** How long, in ms, to look for the next request without sleeping, when a single peer asks in lockstep; 0 never. */
  readonly spin: number;
  /** Told of each peer that CURVE turned away. */
  readonly denied: (publicKey: string) => void;
}

/** Messages a peer may have on their way in before ZeroMQ stops reading from it. */
const INBOUND_MESSAGES = 256;
/** How long, in ms, closing waits for replies that are on their way out. */
const LINGER = 2_000;

/** A bound ROUTER socket: whole messages in, whole messages out, in any order and to any peer. */
export class Transport {
  /** What it is bound to, with the port that was taken if any was asked. */
  readonly endpoint: string;
  readonly #socket: Router;
  readonly #gatekeeper: Gatekeeper | undefined;
  readonly #outbox: Outbox;
  readonly #turn: Turn;
  #receiving: Promise<void> = Promise.resolve();

  private constructor(socket: Router, gatekeeper: Gatekeeper | undefined, options: TransportOptions) {
    this.#socket = socket;
    this.#gatekeeper = gatekeeper;
    this.endpoint = socket.lastEndpoint ?? '';
    this.#outbox = new Outbox(socket, options);
    this.#turn = new Turn(options.spin);
  }

  /**
   * Binds.
   *
   * @throws IpcError when the address is unsafe, malformed or taken.
   */
  static async bind(options: TransportOptions): Promise<Transport> {
    const endpoint = safeEndpoint(options);
    const { curve } = options;
    // ZAP handlers belong to a context: a guarded worker gets its own, so that two in one process do not meet.
    const context = curve === undefined ? undefined : new Context();
    const gatekeeper =
      curve === undefined || context === undefined
        ? undefined
        : await admitOnly(curve.allowedClients, context, options.denied);
    const socket = new Router({
      ...(context === undefined ? {} : { context }),
      ...(curve === undefined
        ? {}
        : { curveServer: true, curveSecretKey: curve.secretKey, zapDomain: 'enigma' }),
      // A reply to a vanished peer fails at once instead of going nowhere silently, and no send ever waits.
      mandatory: true,
      sendTimeout: 0,
      // Two peers that claim one identity: the first keeps it.
      handover: false,
      receiveHighWaterMark: INBOUND_MESSAGES,
      sendHighWaterMark: options.outboundMessages,
      maxMessageSize: options.maxFrameBytes,
      linger: LINGER,
      backlog: 1024,
    });
    try {
      await bind(socket, endpoint);
    } catch (error) {
      socket.close();
      await gatekeeper?.close();
      throw error;
    }
    return new Transport(socket, gatekeeper, options);
  }

  /** Hands every message to `take`, in the order of arrival; `take` must not throw. */
  start(take: (frames: Frames) => void): void {
    this.#receiving = this.#receive(take);
  }

  /** Sends one message; a peer that is gone or does not read costs nothing. Never throws. */
  send(frames: Uint8Array[]): void {
    this.#outbox.send(frames);
  }

  /** Closes once what was sent has left, in bounded time. Idempotent. */
  async close(): Promise<void> {
    await this.#outbox.drain(LINGER);
    this.#turn.stop();
    if (!this.#socket.closed) this.#socket.close();
    await this.#receiving;
    await this.#gatekeeper?.close();
  }

  async #receive(take: (frames: Frames) => void): Promise<void> {
    const socket = this.#socket;
    const turn = this.#turn;
    try {
      for (;;) {
        const frames = await socket.receive();
        turn.began(frames[0]);
        take(frames);
        // Sockets deliver for as long as there is something: executors and timers must get their turn.
        if (turn.overdue()) await turn.next();
      }
    } catch (error) {
      if (!socket.closed) throw error;
    }
  }
}

async function bind(socket: Router, endpoint: string): Promise<void> {
  const path = endpoint.startsWith('ipc://') ? endpoint.slice('ipc://'.length) : undefined;
  if (path !== undefined) await requireFree(path);
  // The file must never exist with wider permissions than 0600, not even for a moment.
  const mask = path === undefined ? undefined : process.umask(0o177);
  try {
    await socket.bind(endpoint);
    if (path !== undefined) chmodSync(path, 0o600);
  } catch (error) {
    if ((error as { code?: string }).code === 'EADDRINUSE') throw inUse(endpoint, error);
    throw new IpcError('BAD_ENDPOINT', `cannot listen on ${endpoint}: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    if (mask !== undefined) process.umask(mask);
  }
}

/** ZeroMQ removes whatever file has the name of its socket, and takes over from a server that still lives: not here. */
async function requireFree(path: string): Promise<void> {
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
    }).on('error', () => resolve(false));
  });
  if (alive) throw inUse(`ipc://${path}`);
}

function inUse(endpoint: string, cause?: unknown): IpcError {
  const text = `${endpoint} is taken: stop what listens there, or choose another`;
  return new IpcError('ENDPOINT_IN_USE', text, { cause });
}
