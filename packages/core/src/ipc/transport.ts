import type { BindOptions } from './endpoint.js';

/** One message as ROUTER gives it: a frame that names the peer, then the peer's own. */
export type Frames = readonly Uint8Array[];

/** What a transport needs besides its address. */
export interface TransportOptions extends BindOptions {
  /** Bytes of the longest message that is read at all; a peer that sends more is disconnected. */
  readonly maxFrameBytes: number;
  /** Bytes of replies that a peer may leave unread; beyond them it is disconnected, or loses replies. */
  readonly outboundBytes: number;
  /** How long, in ms, to look for the next request without sleeping, when a single peer asks in lockstep; 0 never. */
  readonly spin: number;
  /** Told of each peer that CURVE turned away. */
  readonly denied: (publicKey: string) => void;
}

/** A bound ROUTER socket: whole messages in, whole messages out, in any order and to any peer. */
export interface Transport {
  /** What it is bound to, with the port that was taken if any was asked. */
  readonly endpoint: string;
  /** Hands every message to `take`, in the order of arrival of each peer; `take` must not throw. */
  start(take: (frames: Frames) => void): void;
  /** Sends one message; a peer that is gone or does not read costs nothing. Never throws. */
  send(frames: Uint8Array[]): void;
  /** Closes once what was sent has left, in bounded time. Idempotent. */
  close(): Promise<void>;
}
