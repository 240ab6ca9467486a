import { setMaxListeners } from 'node:events';
import { Dealer } from 'zeromq';
import { badEndpoint, requireCurveKeys, requireEndpoint } from './address.js';
import { ClientError } from './errors.js';
import type { CurveClient } from './options.js';

/** How one exchange is bounded. */
export interface ExchangeBounds {
  /** Milliseconds until it is given up. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether it may be sent again after the connection broke: true for what changes nothing. */
  readonly repeatable: boolean;
}

interface Exchange extends ExchangeBounds {
  readonly tag: number;
  readonly frame: Uint8Array;
  sent: boolean;
  settle(outcome: Uint8Array | ClientError): void;
}

/** How long, in ms, a send waits for a connection before it looks whether it is still wanted. */
const SEND_SLICE = 50;
const RECONNECT = 100;
/** How long, in ms, replies that arrived before a connection broke may take to be read after that is known. */
const LAST_REPLIES = 50;
const RECONNECT_MOST = 2_000;
/** The longest time, in ms, that a timer takes: some 25 days. It takes a longer one for none at all. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/** After so long, in ms, a server that turned us away is asked again: our key may be allowed by then. */
const AFTER_DENIAL = 1_000;

/**
 * Requests and replies over one DEALER socket, any number at a time. A tag in the envelope, which the REP contract
 * returns, tells whose reply it is, whatever is in it; so no lost reply can wedge the socket as it would a REQ.
 */
export class Channel {
  readonly endpoint: string;
  readonly #socket: Dealer;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #outbound: Exchange[] = [];
  readonly #received: Promise<void>;
  #sending = false;
  #tag = 0;
  readonly #curve: boolean;
  /** Whether somebody took the connection, be it to break it off during the handshake. */
  #reached = false;
  /** Whether the handshake is behind us. */
  #connected = false;
  /** Set while we are turned away and will ask again. */
  #denial: NodeJS.Timeout | undefined;

  /** @throws ClientError `BAD_ENDPOINT`, `BAD_CURVE_KEY`, with nothing left open */
  constructor(endpoint: string, curve?: CurveClient) {
    requireEndpoint(endpoint);
    if (curve !== undefined) requireCurveKeys(curve);
    this.endpoint = endpoint;
    this.#curve = curve !== undefined;
    this.#socket = new Dealer({
      linger: 0,
      // Nothing is given to a connection that does not exist: what was sent was sent to somebody.
      immediate: true,
      sendTimeout: SEND_SLICE,
      reconnectInterval: RECONNECT,
      reconnectMaxInterval: RECONNECT_MOST,
      // Only for such an address: where it may, libzmq takes a name's IPv6 address alone, and many a core listens on IPv4.
      ipv6: endpoint.startsWith('tcp://['),
      ...(curve === undefined
        ? {}
        : {
            curveServerKey: curve.serverPublicKey,
            curvePublicKey: curve.publicKey,
            curveSecretKey: curve.secretKey,
          }),
    });
    const { events } = this.#socket;
    events.on('connect', () => (this.#reached = true));
    events.on('handshake', () => (this.#connected = true));
    events.on('disconnect', () => this.#disconnected());
    events.on('handshake:error:auth', () => this.#denied());
    events.on('handshake:error:protocol', () => this.#denied());
    try {
      this.#socket.connect(endpoint);
    } catch (error) {
      this.#socket.close();
      throw badEndpoint(endpoint, { cause: error });
    }
    this.#received = this.#receive();
  }

  /**
   * Sends a request and waits for its reply.
   * @throws ClientError `TIMEOUT`, `ABORTED`, `CONNECTION_LOST`, `DENIED`, `CLOSED`, or `BAD_REPLY` when it has not
   *   exactly one part
   */
  exchange(frame: Uint8Array, bounds: ExchangeBounds): Promise<Uint8Array> {
    if (this.#socket.closed) return Promise.reject(closed());
    if (bounds.signal?.aborted === true) return Promise.reject(aborted(bounds.signal));
    return new Promise((resolve, reject) => {
      const tag = this.#tag++ % 0x1_0000_0000;
      const onAbort = (): void => exchange.settle(aborted(bounds.signal));
      const timer = setTimeout(
        () => exchange.settle(this.#timedOut(exchange)),
        Math.min(bounds.timeout, LONGEST_TIMEOUT),
      );
      const exchange: Exchange = {
        ...bounds,
        tag,
        frame,
        sent: false,
        settle: (outcome) => {
          clearTimeout(timer);
          bounds.signal?.removeEventListener('abort', onAbort);
          this.#exchanges.delete(tag);
          if (outcome instanceof ClientError) reject(outcome);
          else resolve(outcome);
        },
      };
      if (bounds.signal !== undefined) {
        // One signal may end any number of calls; of more than ten Node would warn as of a leak.
        setMaxListeners(0, bounds.signal);
        bounds.signal.addEventListener('abort', onAbort, { once: true });
      }
      this.#exchanges.set(tag, exchange);
      this.#outbound.push(exchange);
      if (!this.#sending) void this.#send();
    });
  }

  /** Gives up what is open and closes. Idempotent. */
  async close(): Promise<void> {
    clearTimeout(this.#denial);
    if (!this.#socket.closed) this.#socket.close();
    for (const exchange of this.#exchanges.values()) exchange.settle(closed());
    await this.#received;
  }

  async #send(): Promise<void> {
    this.#sending = true;
    for (let next = this.#outbound[0]; next !== undefined; next = this.#outbound[0]) {
      const wanted = !this.#socket.closed && this.#exchanges.get(next.tag) === next;
      if (!wanted || (await this.#trySend(next))) this.#outbound.shift();
    }
    this.#sending = false;
  }

  async #trySend(exchange: Exchange): Promise<boolean> {
    // Before the send, whose end may come after the reply.
    exchange.sent = true;
    try {
      await this.#socket.send([tagFrame(exchange.tag), '', exchange.frame]);
      return true;
    } catch {
      exchange.sent = false;
      return false;
    }
  }

  async #receive(): Promise<void> {
    try {
      for await (const [tag, delimiter, ...parts] of this.#socket) {
        if (tag?.length !== 4 || delimiter?.length !== 0) continue;
        const exchange = this.#exchanges.get(tag.readUInt32BE());
        const [reply] = parts;
        exchange?.settle(
          reply !== undefined && parts.length === 1
            ? reply
            : new ClientError('BAD_REPLY', `expected a reply of one part, got ${parts.length}`),
        );
      }
    } catch (error) {
      if (!this.#socket.closed) throw error;
    }
  }

  /** The news of an end may overtake the last replies, which are in the socket already. */
  #disconnected(): void {
    // Who broke the handshake off is there, and was asked nothing yet; who leaves after it may be gone.
    if (!this.#connected) return;
    this.#reached = false;
    this.#connected = false;
    const asked = Array.from(this.#exchanges.values()).filter(({ sent }) => sent);
    if (asked.length > 0) setTimeout(() => this.#lost(asked), LAST_REPLIES);
  }

  /** The server forgot us: what it was asked and has not answered will not be answered. */
  #lost(asked: readonly Exchange[]): void {
    for (const exchange of asked) {
      if (this.#exchanges.get(exchange.tag) !== exchange) continue;
      if (exchange.repeatable) {
        exchange.sent = false;
        this.#outbound.push(exchange);
      } else {
        const text = `the connection to ${this.endpoint} broke before the answer: the request may have been carried out`;
        exchange.settle(new ClientError('CONNECTION_LOST', text));
      }
    }
    if (!this.#sending && this.#outbound.length > 0) void this.#send();
  }

  #denied(): void {
    const why = this.#curve
      ? 'it does not allow our CURVE key, has another key than expected, or speaks no CURVE'
      : 'it asks for CURVE keys, or is no worker';
    const text = `${this.endpoint} refused the handshake: ${why}`;
    for (const exchange of this.#exchanges.values()) exchange.settle(new ClientError('DENIED', text));
    if (!this.#socket.closed) this.#denial ??= setTimeout(() => this.#askAgain(), AFTER_DENIAL);
  }

  /** libzmq gives up a connection whose peer has turned it away. */
  #askAgain(): void {
    this.#denial = undefined;
    this.#socket.disconnect(this.endpoint);
    this.#socket.connect(this.endpoint);
  }

  #timedOut({ timeout, sent }: Exchange): ClientError {
    const why = this.#connected
      ? sent
        ? 'the request may still be carried out'
        : 'not sent'
      : this.#whyNotConnected();
    return new ClientError('TIMEOUT', `no answer from ${this.endpoint} within ${timeout} ms: ${why}`);
  }

  #whyNotConnected(): string {
    if (!this.#reached) return 'nobody is there';
    return this.#curve
      ? 'the connection was made, but the CURVE handshake did not complete: check the key of the server (--server-key, serverPublicKey), and that the worker allows ours'
      : 'the connection was made, but the handshake did not complete: it is no worker, or one that asks for CURVE keys';
  }
}

function tagFrame(tag: number): Buffer {
  const frame = Buffer.allocUnsafe(4);
  frame.writeUInt32BE(tag);
  return frame;
}

function closed(): ClientError {
  return new ClientError('CLOSED', 'the client is closed');
}

function aborted(signal: AbortSignal | undefined): ClientError {
  return new ClientError('ABORTED', 'the call was aborted', { cause: signal?.reason });
}
