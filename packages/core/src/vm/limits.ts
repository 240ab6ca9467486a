/** What one call may use besides gas. A contract that wants more fails, with a text that names the limit. */
export interface CallLimits {
  /** Bytes given to `ret`. */
  readonly resultBytes: number;
  /** Bytes of a state key. */
  readonly stateKeyBytes: number;
  /** Bytes of a state value, as the contract writes it. */
  readonly stateValueBytes: number;
  /** Bytes of all keys and values that a call leaves written; a removed key counts with its name. */
  readonly stateWriteBytes: number;
  /** Bytes of the payload for Ethereum. */
  readonly ethereumPayloadBytes: number;
}

const MiB = 1024 * 1024;

/**
 * A result may be the whole memory of a contract; a payload is bounded as an Ethereum transaction is. The rest keeps
 * one call from exhausting the host, for a key costs the contract nothing.
 */
export const defaultCallLimits: CallLimits = {
  resultBytes: 8 * MiB,
  stateKeyBytes: 64 * 1024,
  stateValueBytes: MiB,
  stateWriteBytes: 16 * MiB,
  ethereumPayloadBytes: 128 * 1024,
};
