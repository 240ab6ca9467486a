import { chmodSync } from 'node:fs';
import { Context, Router } from 'zeromq';
import { bindError, ipcPath, requireFree, withPrivateFiles } from './bind-errors.js';
import type { CurveServer } from './endpoint.js';
import { Outbox } from './outbox.js';
import type { Frames, Transport, TransportOptions } from './transport.js';
import { Turn } from './turn.js';
import { admitOnly, type Gatekeeper } from './zap.js';

/** Messages a peer may have on their way in before ZeroMQ stops reading from it. */
const INBOUND_MESSAGES = 256;
/** Replies that ZeroMQ holds for a peer. */
const OUTBOUND_MESSAGES = 512;
/** How long, in ms, closing waits for replies that are on their way out. */
const LINGER = 2_000;

/** A ROUTER socket of libzmq, encrypted by CURVE, open to peers whose key is allowed. */
export class CurveTransport implements Transport {
  readonly endpoint: string;
  readonly #socket: Router;
  readonly #gatekeeper: Gatekeeper;
  readonly #outbox: Outbox;
  readonly #turn: Turn;
  #receiving: Promise<void> = Promise.resolve();

  private constructor(socket: Router, gatekeeper: Gatekeeper, options: TransportOptions) {
    this.#socket = socket;
    this.#gatekeeper = gatekeeper;
    this.endpoint = socket.lastEndpoint ?? '';
    this.#outbox = new Outbox(socket, options.outboundBytes);
    this.#turn = new Turn(options.spin);
  }

  /** @throws IpcError when the address is malformed or taken. */
  static async bind(endpoint: string, curve: CurveServer, options: TransportOptions): Promise<Transport> {
    // ZAP handlers belong to a context: each worker gets its own, so that two in one process do not meet.
    const context = new Context();
    const gatekeeper = await admitOnly(curve.allowedClients, context, options.denied);
    const socket = new Router({
      context,
      curveServer: true,
      curveSecretKey: curve.secretKey,
      zapDomain: 'enigma',
      // A reply to a vanished peer fails at once instead of going nowhere silently, and no send ever waits.
      mandatory: true,
      sendTimeout: 0,
      // Two peers that claim one identity: the first keeps it.
      handover: false,
      receiveHighWaterMark: INBOUND_MESSAGES,
      sendHighWaterMark: OUTBOUND_MESSAGES,
      maxMessageSize: options.maxFrameBytes,
      linger: LINGER,
      backlog: 1024,
    });
    try {
      await bind(socket, endpoint);
    } catch (error) {
      socket.close();
      await gatekeeper.close();
      throw error;
    }
    return new CurveTransport(socket, gatekeeper, options);
  }

  start(take: (frames: Frames) => void): void {
    this.#receiving = this.#receive(take);
  }

  send(frames: Uint8Array[]): void {
    this.#outbox.send(frames);
  }

  async close(): Promise<void> {
    await this.#outbox.drain(LINGER);
    this.#turn.stop();
    if (!this.#socket.closed) this.#socket.close();
    await this.#receiving;
    await this.#gatekeeper.close();
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
  const path = ipcPath(endpoint);
  try {
    if (path === undefined) {
      await socket.bind(endpoint);
      return;
    }
    await requireFree(path);
    await withPrivateFiles(() => socket.bind(endpoint));
    chmodSync(path, 0o600);
  } catch (error) {
    throw bindError(endpoint, error);
  }
}
