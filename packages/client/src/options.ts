import type { Dialect, Limits } from '@enigma-worker/protocol';

/** Keys of a CURVE peer, in ZeroMQ's Z85 text (40 characters each). */
export interface CurveClient {
  readonly serverPublicKey: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/** Options of a client. */
export interface ClientOptions {
  /** Milliseconds until a call is given up. Default 30,000. */
  readonly timeout?: number;
  /** The same for calls that run a contract or build states. Default 120,000, or `timeout` when that is given. */
  readonly taskTimeout?: number;
  /** How requests are written; replies are understood in both. Default `seed`. */
  readonly dialect?: Dialect;
  /** Bounds on what is read of a reply. */
  readonly limits?: Limits;
  /** Encrypts the connection and proves both ends to each other. */
  readonly curve?: CurveClient;
}

/** Bounds of one call. */
export interface CallOptions {
  /** Milliseconds until the call is given up. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export const DEFAULT_TIMEOUT = 30_000;
export const DEFAULT_TASK_TIMEOUT = 120_000;
