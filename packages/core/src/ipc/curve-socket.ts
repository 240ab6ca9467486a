import { chmodSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Router, type SocketOptions } from 'zeromq';
import { bindError, ipcPath, requireFree, withPrivateFiles } from './bind-errors.js';
import { Outbox } from './outbox.js';
import { type Frames, LAST_REPLIES } from './transport.js';
import { Turn } from './turn.js';

/** How often, in ms, it is looked whether everything is answered. */
const AGAIN = 5;

/** What a socket needs besides its address. */
export interface CurveSocketOptions {
  readonly router: SocketOptions<Router>;
  readonly outboundBytes: number;
  readonly spin: number;
}

/** A ROUTER socket of libzmq for as long as nobody who is connected loses the right to be. */
export class CurveSocket {
  readonly endpoint: string;
  readonly #socket: Router;
  readonly #outbox: Outbox;
  readonly #turn: Turn;
  /** Names of peers, one object for each message that is not answered yet. */
  readonly #unanswered = new Set<Uint8Array>();
  #receiving: Promise<void> = Promise.resolve();
  #ended = false;
  #lastReply = -Infinity;

  private constructor(socket: Router, { outboundBytes, spin }: CurveSocketOptions) {
    this.#socket = socket;
    this.endpoint = socket.lastEndpoint ?? '';
    this.#outbox = new Outbox(socket, outboundBytes);
    this.#turn = new Turn(spin);
  }

  /** @throws IpcError when the address is malformed or taken. */
  static async bind(endpoint: string, options: CurveSocketOptions): Promise<CurveSocket> {
    // A copy: the binding takes the context out of what it is given, and without it there would be no gatekeeper.
    const socket = new Router({ ...options.router, ipv6: endpoint.startsWith('tcp://[') });
    try {
      await bind(socket, endpoint);
      return new CurveSocket(socket, options);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  start(take: (frames: Frames) => void): void {
    this.#receiving = this.#receive(take);
  }

  /** Sends the reply to a message that came through this socket; one to any other goes nowhere. */
  send(frames: Uint8Array[]): void {
    const [name] = frames;
    if (name === undefined || !this.#unanswered.delete(name)) return;
    this.#lastReply = performance.now();
    this.#outbox.send(frames);
  }

  /** Waits, at most `ms`, until no reply is held back for anyone, and then until peers had time for the last ones. */
  async drain(ms: number): Promise<void> {
    await this.#outbox.drain(ms);
    const left = this.#lastReply + LAST_REPLIES - performance.now();
    if (left > 0) await pause(left);
  }

  /** Takes no more messages, and waits, at most `ms` for each, until those taken are answered and the replies have left. */
  async finish(ms: number): Promise<void> {
    this.#ended = true;
    const deadline = performance.now() + ms;
    while (this.#unanswered.size > 0 && performance.now() < deadline) await pause(AGAIN);
    await this.drain(ms);
  }

  /** Ends all connections, once what was sent has left or libzmq lost patience; the address is free soon after. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#unanswered.clear();
    this.#turn.stop();
    if (!this.#socket.closed) this.#socket.close();
    await this.#receiving;
  }

  async #receive(take: (frames: Frames) => void): Promise<void> {
    const socket = this.#socket;
    const turn = this.#turn;
    try {
      while (!this.#ended) {
        const frames = await socket.receive();
        if (this.#ended) return;
        const [name] = frames;
        if (name !== undefined) this.#unanswered.add(name);
        turn.began(name);
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
