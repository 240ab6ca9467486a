import { toHex } from '@enigma-worker/crypto';

/** Codes of everything expected that can go wrong with the store. */
export type StoreErrorCode =
  /** Another core has the data folder open. */
  | 'LOCKED'
  /** The folder was written by a newer version of this program. */
  | 'NEWER_SCHEMA'
  /** The folder, or its database file, may not be written (or read). */
  | 'NOT_WRITABLE'
  /** No room is left on the disk. */
  | 'DISK_FULL'
  /** What is stored is damaged: truncated, or changed since it was written. */
  | 'CORRUPT'
  /** Any other failure of the disk or the database. */
  | 'IO'
  /** What a task or build started from is no longer what is stored. */
  | 'CONFLICT'
  /** A deployment to an address that exists. */
  | 'CONTRACT_EXISTS'
  | 'UNKNOWN_CONTRACT'
  /** The contract has no delta at all. */
  | 'NO_DELTA'
  /** More was asked for than one reply may hold; the message says how to ask for less. */
  | 'REPLY_TOO_LARGE'
  /** The folder, file or stream given to a tool is not what it expects. */
  | 'NOT_A_STORE'
  /** The store was closed. */
  | 'CLOSED';

/** An expected failure of the store. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What peers look up, in the words of the original. */
export type LookUp = 'get_tip' | 'get_delta' | 'get_deltas' | 'get_contract';

/** The text that peers of the original know for what a contract does not have. Source: docs/protocol.md, "Errors". */
export function doesNotExist(what: LookUp, address: Uint8Array): string {
  return `Error while trying to ${what}, Because: The following Key doesn't exist: ${toHex(address)}`;
}
