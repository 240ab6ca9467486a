import type { Socket } from 'node:net';
import { TOO_LONG } from '../transport.js';
import type { Budget, Holder } from './budget.js';
import type { Departing, Departures } from './departures.js';
import {
  decodeCommand,
  encodeCommand,
  encodeMessage,
  type Frame,
  FrameError,
  FrameReader,
} from './frames.js';
import { checkGreeting, checkReady, greeting, GREETING_LENGTH, ready } from './handshake.js';
import { joined, JOINED } from './joined.js';

/** What a connection may cost. */
export interface ConnectionLimits {
  /** Bytes of one message, all frames together; what is longer is not kept. */
  readonly messageBytes: number;
  /** Bytes of replies that the peer leaves unread; beyond them it is disconnected. */
  readonly outboundBytes: number;
}

/** Who a connection works for. */
export interface ConnectionEvents {
  /** A whole message came. */
  message(frames: Buffer[]): void;
  /** Whether others have waited long enough for their turn. */
  overdue(): boolean;
  /** A large frame was handed to the system: its memory is read no more. */
  sent(frame: Uint8Array): void;
  closed(): void;
}

/** What all connections of a socket share. */
export interface SharedByConnections {
  readonly departures: Departures;
  readonly budget: Budget;
}

/** Frames of one message: more than any peer has a use for. */
const MAX_FRAMES = 4_096;
/** How long, in ms, a peer has to say who it is. */
const HANDSHAKE_TIMEOUT = 30_000;
/** Bytes of unread replies beyond which no more of the peer's requests are worked off. */
const RESTING = 1 << 20;

/** One peer's TCP or Unix connection, half-open allowed, speaking ZMTP 3. Whatever breaks the protocol ends it. */
export class Connection implements Departing, Holder {
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #events: ConnectionEvents;
  readonly #shared: SharedByConnections;
  readonly #timer: NodeJS.Timeout;
  #reader: FrameReader;
  #phase: 'greeting' | 'handshake' | 'traffic' = 'greeting';
  #message: Buffer[] = [];
  #messageBytes = 0;
  /** Whether the peer has said all that it will say. */
  #hasEnded = false;
  /** Whether it has to read replies before more of its requests are worked off. */
  #isResting = false;
  /** What leaves at the end of this turn of the event loop. */
  #outgoing: Buffer[] = [];
  #outgoingBytes = 0;

  constructor(
    socket: Socket,
    limits: ConnectionLimits,
    events: ConnectionEvents,
    shared: SharedByConnections,
  ) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
    this.#shared = shared;
    this.#reader = new FrameReader(limits.messageBytes);
    this.#timer = setTimeout(() => this.destroy(), HANDSHAKE_TIMEOUT);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      this.#work();
      if (this.#reader.length + this.#messageBytes > 0) shared.budget.check(this);
    });
    // What is wrong with a connection is no news: its end is.
    socket.on('error', () => undefined);
    socket.on('drain', () => {
      this.#isResting = false;
      socket.resume();
      this.#work();
    });
    // What was asked before its end is answered.
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#work();
    });
    socket.on('close', () => {
      clearTimeout(this.#timer);
      shared.budget.forget(this);
      events.closed();
    });
    socket.write(greeting());
  }

  get held(): number {
    return this.#reader.length + this.#messageBytes + this.#outgoingBytes + this.#socket.writableLength;
  }

  /** Sends one message. */
  send(bodies: readonly Uint8Array[]): void {
    for (const part of encodeMessage(bodies)) this.#queue(part);
  }

  /** Hands to the system what was sent. */
  flush(): void {
    if (this.#outgoing.length === 0) return;
    const parts = this.#outgoing;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    this.#write(parts);
  }

  /** Lets what was sent leave, then ends. */
  end(): void {
    this.flush();
    this.#socket.end();
  }

  /** Ends at once. */
  destroy(): void {
    this.#reader = new FrameReader(0);
    [this.#message, this.#messageBytes] = [[], 0];
    [this.#outgoing, this.#outgoingBytes] = [[], 0];
    this.#socket.destroy();
  }

  #work(): void {
    try {
      if (this.#read() && this.#hasEnded) this.end();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      // What was asked before is answered.
      this.flush();
      this.destroy();
    }
  }

  /** Works off what has come, and tells whether that was all of it. */
  #read(): boolean {
    if (this.#phase === 'greeting') {
      const bytes = this.#reader.bytes(GREETING_LENGTH);
      if (bytes === undefined) return true;
      checkGreeting(bytes);
      this.#phase = 'handshake';
      this.#socket.write(ready());
    }
    while (!this.#isResting) {
      const frame = this.#reader.next();
      if (frame === undefined) return true;
      if (frame.isCommand) this.#command(frame);
      else this.#frame(frame);
      if (this.#outgoingBytes > RESTING) this.flush();
      if (this.#events.overdue()) {
        this.#yield();
        break;
      }
    }
    return false;
  }

  #command({ body }: Frame): void {
    if (this.#phase === 'handshake') {
      checkReady(body);
      this.#phase = 'traffic';
      clearTimeout(this.#timer);
      return;
    }
    const { name, data } = decodeCommand(body);
    // A PING holds a time to live of two bytes and a context, which the PONG returns.
    if (name === 'PING') this.#queue(encodeCommand('PONG', data.subarray(2, 18)));
  }

  #frame({ body, more }: Frame): void {
    if (this.#phase !== 'traffic') throw new FrameError('a message before the handshake');
    const isKept = this.#messageBytes + body.length <= this.#limits.messageBytes;
    this.#message.push(isKept ? body : TOO_LONG);
    if (isKept) this.#messageBytes += body.length;
    if (this.#message.length > MAX_FRAMES) throw new FrameError('a message of too many frames');
    if (more) return;
    const frames = this.#message;
    this.#message = [];
    this.#messageBytes = 0;
    this.#events.message(frames);
  }

  /** Goes on when others had their turn. */
  #yield(): void {
    this.#socket.pause();
    setImmediate(() => {
      if (this.#socket.destroyed || this.#isResting) return;
      this.#socket.resume();
      this.#work();
    });
  }

  #queue(part: Buffer): void {
    this.#outgoingBytes += part.length;
    if (this.#outgoing.push(part) === 1) this.#shared.departures.add(this);
  }

  #write(parts: readonly Buffer[]): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    const pieces = joined(parts);
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) {
      if (piece.length <= JOINED) socket.write(piece);
      // After an error the system may still read it.
      else socket.write(piece, (error) => void (error ?? this.#events.sent(piece)));
    }
    if (pieces.length > 1) socket.uncork();
    if (socket.writableLength <= RESTING) return;
    if (socket.writableLength > this.#limits.outboundBytes) {
      this.destroy();
      return;
    }
    this.#isResting = true;
    socket.pause();
    this.#shared.budget.check(this);
  }
}
