/**
 * How much one message may hold. Every bound has a clear error of its own (`LIMIT_EXCEEDED`), so that
 * no peer can make the receiver allocate without end.
 * Source: docs/protocol.md, "Requests".
 */
export interface Limits {
  /** Bytes of a whole message. */
  readonly messageBytes: number;
  /** Bytes of a contract's code, after decompression. */
  readonly bytecodeBytes: number;
  /** Items of one list; the bytes of a byte string do not count. */
  readonly listItems: number;
  /** Containers inside containers; the message itself is the first. */
  readonly jsonDepth: number;
  /** JSON values of a whole message that are kept; a byte string is one value, unknown fields are none. */
  readonly jsonValues: number;
}

const MEBIBYTE = 1024 * 1024;

/** The limits that hold unless told otherwise. */
export const DEFAULT_LIMITS: Limits = {
  messageBytes: 64 * MEBIBYTE,
  bytecodeBytes: 16 * MEBIBYTE,
  listItems: 10_000,
  jsonDepth: 64,
  jsonValues: 1_000_000,
};

/**
 * Most bytes of a sealed delta. A byte takes up to four characters in a message, so that one UpdateDeltas carries any
 * delta, with 4 KiB left for what else it holds. No setting: whether a task succeeds must not depend on who runs it.
 */
export const MAX_DELTA_BYTES = DEFAULT_LIMITS.messageBytes / 4 - 1024;

/**
 * The limits of replies: the requester chose whom it asks, and a worker with many contracts answers with more than
 * any request holds.
 */
export const REPLY_LIMITS: Limits = {
  messageBytes: 1024 * MEBIBYTE,
  bytecodeBytes: 64 * MEBIBYTE,
  listItems: 10_000_000,
  jsonDepth: DEFAULT_LIMITS.jsonDepth,
  jsonValues: 50_000_000,
};
