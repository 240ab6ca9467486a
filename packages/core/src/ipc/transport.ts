import type { BindOptions } from './endpoint.js';

/** One message as ROUTER gives it: a frame that names the peer, then the peer's own. */
export type Frames = readonly Uint8Array[];

/** Bytes of frames. */
export function sizeOf(frames: Frames): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}

/** After so long, in ms, without a word from a peer the system asks whether it is still there. */
export const KEEP_ALIVE = 60_000;
/** How long, in ms, peers have to take in their last replies: libzmq with ZMQ_IMMEDIATE drops what comes with the end. */
export const LAST_REPLIES = 500;

/** Stands for a frame that was too long to be kept. */
export const TOO_LONG = Buffer.alloc(1);

/** What a transport needs besides its address. */
export interface TransportOptions extends BindOptions {
  /**
   * Bytes of the longest message that is read. Frames beyond are {@link TOO_LONG}, or the peer is disconnected when they
   * are longer by far, or where the transport cannot pass over them.
   */
  readonly maxFrameBytes: number;
  /** Bytes of replies that a peer may leave unread; beyond them it is disconnected, or loses replies. */
  readonly outboundBytes: number;
  /**
   * Bytes that all peers together may have on their way in and out, as many as the longest message has at least; beyond
   * them whoever has most is disconnected.
   */
  readonly heldBytes: number;
  /** How long, in ms, to look for the next request without sleeping, when a single peer asks in lockstep; 0 never. */
  readonly spin: number;
  /** Told of each peer that CURVE turned away. */
  readonly denied: (publicKey: string) => void;
  /** Told of large frames that are sent and no longer read; a transport need not tell. */
  readonly sent: (frame: Uint8Array) => void;
  /** Told of each peer that is gone, by the first frame of its messages; a transport need not tell. */
  readonly gone: (peer: Uint8Array) => void;
}

/** What a new list of allowed keys changed. */
export interface AllowListChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Whether peers had to connect anew, because one whose key was removed may have been among them. */
  readonly reconnected: boolean;
}

/** A bound ROUTER socket: whole messages in, whole messages out, in any order and to any peer. */
export interface Transport {
  /** What it is bound to, with the port that was taken if any was asked. */
  readonly endpoint: string;
  /** Hands every message to `take`, in the order of arrival of each peer; `take` must not throw. */
  start(take: (frames: Frames) => void): void;
  /** Sends one message; a peer that is gone or does not read costs nothing. Never throws. */
  send(frames: Uint8Array[]): void;
  /** Whether the peer that a first frame names is gone; absent where the transport does not know. */
  isGone?(peer: Uint8Array): boolean;
  /**
   * Admits these keys from now on and no others; a peer whose key is not among them gets nothing any more. Absent
   * where there are no keys.
   * @throws IpcError when the address was lost to another program meanwhile: nobody is served any more
   */
  allow?(clients: readonly string[]): Promise<AllowListChange>;
  /** Closes once what was sent has left, in bounded time. Idempotent. */
  close(): Promise<void>;
}
