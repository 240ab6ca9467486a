import { setTimeout as pause } from 'node:timers/promises';
import { Context } from 'zeromq';
import { CurveSocket, type CurveSocketOptions } from './curve-socket.js';
import type { CurveServer } from './endpoint.js';
import { IpcError } from './errors.js';
import {
  type AllowListChange,
  type Frames,
  KEEP_ALIVE,
  type Transport,
  type TransportOptions,
} from './transport.js';
import { admitOnly, type Gatekeeper } from './zap.js';

/** Messages a peer may have on their way in before ZeroMQ stops reading from it. */
const INBOUND_MESSAGES = 256;
/** Replies that ZeroMQ holds for a peer. */
const OUTBOUND_MESSAGES = 512;
/** How long, in ms, closing waits for replies that are on their way out. */
const LINGER = 2_000;
/** How long, in ms, requests that were taken may go on before their connections end, because one of those may not stay. */
const GRACE = 1_000;
/** How often, in ms, an address that is still taken is tried again, and for how long. */
const REBIND = 20;
const REBIND_PATIENCE = 10_000;

/** ROUTER sockets of libzmq, encrypted by CURVE, open to peers whose key is allowed: one at a time. */
export class CurveTransport implements Transport {
  readonly endpoint: string;
  readonly #options: CurveSocketOptions;
  readonly #gatekeeper: Gatekeeper;
  #socket: CurveSocket;
  #take: ((frames: Frames) => void) | undefined;
  /** Changes of the list happen one after the other. */
  #changing: Promise<unknown> = Promise.resolve();
  #closing = false;

  private constructor(socket: CurveSocket, gatekeeper: Gatekeeper, options: CurveSocketOptions) {
    this.endpoint = socket.endpoint;
    this.#socket = socket;
    this.#gatekeeper = gatekeeper;
    this.#options = options;
  }

  /** @throws IpcError when the address is malformed or taken. */
  static async bind(endpoint: string, curve: CurveServer, options: TransportOptions): Promise<Transport> {
    // ZAP handlers belong to a context: each worker gets its own, so that two in one process do not meet.
    const context = new Context();
    const gatekeeper = await admitOnly(curve.allowedClients, context, options.denied);
    const router = {
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
      // A peer whose machine is gone says no more: its connection would stay for ever.
      tcpKeepalive: 1,
      tcpKeepaliveIdle: KEEP_ALIVE / 1000,
    };
    const socketOptions = { router, outboundBytes: options.outboundBytes, spin: options.spin };
    try {
      return new CurveTransport(await CurveSocket.bind(endpoint, socketOptions), gatekeeper, socketOptions);
    } catch (error) {
      await gatekeeper.close();
      throw error;
    }
  }

  start(take: (frames: Frames) => void): void {
    this.#take = take;
    this.#socket.start(take);
  }

  send(frames: Uint8Array[]): void {
    this.#socket.send(frames);
  }

  allow(clients: readonly string[]): Promise<AllowListChange> {
    const change = this.#changing.then(() => this.#allow(clients));
    this.#changing = change.catch(() => undefined);
    return change;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#changing;
    await this.#socket.drain(LINGER);
    await this.#socket.close();
    await this.#gatekeeper.close();
  }

  async #allow(clients: readonly string[]): Promise<AllowListChange> {
    const { added, removed, wereAdmitted } = this.#gatekeeper.allow(clients);
    const reconnect = wereAdmitted && !this.#closing;
    if (reconnect) await this.#renew();
    return { added, removed, reconnected: reconnect };
  }

  /**
   * Ends every connection and listens anew. libzmq does not tell which connection has which key, nor can it end a
   * single one; peers that are still allowed come back by themselves.
   */
  async #renew(): Promise<void> {
    const old = this.#socket;
    // Not unbound first: libzmq would end the connections with it, before their last replies.
    await old.finish(GRACE);
    await old.close();
    // libzmq lets go of the address in a thread of its own.
    const deadline = performance.now() + REBIND_PATIENCE;
    while (!this.#closing) {
      try {
        this.#socket = await CurveSocket.bind(this.endpoint, this.#options);
        if (this.#take !== undefined) this.#socket.start(this.#take);
        return;
      } catch (error) {
        const taken = error instanceof IpcError && error.code === 'ENDPOINT_IN_USE';
        if (!taken || performance.now() > deadline) throw error;
        await pause(REBIND);
      }
    }
  }
}
