import { MsgpackReader, MsgpackWriter } from '../msgpack.js';
import { StateError } from './errors.js';
import type { Json } from './json.js';

/** The whole state of a contract after some delta, as the deployed system stored it. */
export interface WholeState {
  readonly value: Json;
  /** Hash of the latest delta, 32 bytes; zeros before any. */
  readonly deltaHash: Uint8Array;
  /** Index of the latest delta; 0 before any. */
  readonly deltaIndex: number;
}

/** The plaintext of a whole state: msgpack `[value, delta_hash, delta_index]`. Source: docs/protocol.md, "State". */
export function encodeState(state: WholeState): Uint8Array {
  const writer = new MsgpackWriter();
  writer.array(3);
  writer.value(state.value);
  writer.byteArray(state.deltaHash);
  writer.integer(state.deltaIndex);
  return writer.finish();
}

/**
 * Reads the plaintext of a whole state; bytes after it are ignored, as in the deployed system.
 * @throws StateError `INVALID_STATE` or `INVALID_MSGPACK`
 */
export function decodeState(plaintext: Uint8Array): WholeState {
  const reader = new MsgpackReader(plaintext);
  if (reader.array() !== 3)
    throw new StateError('INVALID_STATE', 'state: expected [value, delta hash, delta index]');
  const value = reader.value();
  const deltaHash = reader.byteArray();
  if (deltaHash.length !== 32) {
    throw new StateError(
      'INVALID_STATE',
      `state: expected a delta hash of 32 bytes, got ${deltaHash.length}`,
    );
  }
  const deltaIndex = reader.integer();
  if (deltaIndex < 0n || deltaIndex > 0xffff_ffffn) {
    throw new StateError('INVALID_STATE', 'state: expected a delta index from 0 to 2^32-1');
  }
  return { value, deltaHash, deltaIndex: Number(deltaIndex) };
}
