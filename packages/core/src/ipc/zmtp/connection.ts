import type { Socket } from 'node:net';
import type { Departures } from './departures.js';
import {
  decodeCommand,
  encodeCommand,
  encodeMessage,
  type Frame,
  FrameError,
  FrameReader,
} from './frames.js';
import { checkGreeting, checkReady, greeting, GREETING_LENGTH, ready } from './handshake.js';

/** What a connection may cost. */
export interface ConnectionLimits {
  /** Bytes of one message, all frames together. */
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

/** Frames of one message: more than any peer has a use for. */
const MAX_FRAMES = 100_000;
/** How long, in ms, a peer has to say who it is. */
const HANDSHAKE_TIMEOUT = 30_000;
/** Bytes that are worth copying to save a system call. */
const JOINED = 64 * 1024;
/** Bytes of unread replies beyond which no more of the peer's requests are read. */
const RESTING = 1 << 20;

/** One peer's TCP or Unix connection, half-open allowed, speaking ZMTP 3. Whatever breaks the protocol ends it. */
export class Connection {
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #events: ConnectionEvents;
  readonly #reader: FrameReader;
  readonly #timer: NodeJS.Timeout;
  #phase: 'greeting' | 'handshake' | 'traffic' = 'greeting';
  #message: Buffer[] = [];
  #messageBytes = 0;
  /** Whether the peer has said all that it will say. */
  #hasEnded = false;
  readonly #departures: Departures;
  /** What leaves at the end of this turn of the event loop. */
  #outgoing: Buffer[] = [];

  constructor(socket: Socket, limits: ConnectionLimits, events: ConnectionEvents, departures: Departures) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
    this.#departures = departures;
    this.#reader = new FrameReader(limits.messageBytes);
    this.#timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      this.#work();
    });
    // What is wrong with a connection is no news: its end is.
    socket.on('error', () => undefined);
    socket.on('drain', () => socket.resume());
    // What was asked before its end is answered.
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#work();
    });
    socket.on('close', () => {
      clearTimeout(this.#timer);
      events.closed();
    });
    socket.write(greeting());
  }

  /** Sends one message. */
  send(bodies: readonly Uint8Array[]): void {
    for (const part of encodeMessage(bodies)) this.#queue(part);
  }

  /** Hands to the system what was sent. */
  flush(): void {
    const parts = this.#outgoing;
    this.#outgoing = [];
    if (parts.length > 0) this.#write(parts);
  }

  /** Lets what was sent leave, then ends. */
  end(): void {
    this.flush();
    this.#socket.end();
  }

  /** Ends at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #work(): void {
    try {
      if (this.#read() && this.#hasEnded) this.end();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      // What was asked before is answered.
      this.flush();
      this.#socket.destroy();
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
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      if (frame.isCommand) this.#command(frame);
      else this.#frame(frame);
      if (this.#events.overdue()) {
        this.#yield();
        return false;
      }
    }
    return true;
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
    this.#message.push(body);
    this.#messageBytes += body.length;
    if (this.#messageBytes > this.#limits.messageBytes || this.#message.length > MAX_FRAMES) {
      throw new FrameError('a message beyond its limit');
    }
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
      if (this.#socket.destroyed) return;
      this.#socket.resume();
      this.#work();
    });
  }

  #queue(part: Buffer): void {
    if (this.#outgoing.push(part) === 1) this.#departures.add(this);
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
    if (socket.writableLength > this.#limits.outboundBytes) socket.destroy();
    else if (socket.writableLength > RESTING) socket.pause();
  }
}

/** Neighbours put together up to {@link JOINED} bytes: a system call costs more than a copy. */
function joined(parts: readonly Buffer[]): readonly Buffer[] {
  if (parts.length === 1) return parts;
  const groups: Buffer[][] = [];
  let size = Infinity;
  for (const part of parts) {
    size += part.length;
    const group = groups.at(-1);
    if (group !== undefined && size <= JOINED) {
      group.push(part);
    } else {
      groups.push([part]);
      size = part.length;
    }
  }
  return groups.map((group) => (group.length === 1 ? group[0]! : Buffer.concat(group)));
}
