import { ENVELOPE_OVERHEAD, keccak256, open, seal, type SealOptions } from '@enigma-worker/crypto';
import { MAX_DELTA_BYTES } from '../limits.js';
import { MsgpackReader, MsgpackWriter } from '../msgpack.js';
import type { Op } from './diff.js';
import { StateError } from './errors.js';

/** What one task changed, chained to what was before. */
export interface Delta {
  /** Applied in order to the state before. */
  readonly ops: readonly Op[];
  /** Hash of the delta before, 32 bytes; zeros for delta 0. */
  readonly previousHash: Uint8Array;
}

/** The `previousHash` of delta 0: 32 zero bytes. */
export function zeroHash(): Uint8Array {
  return new Uint8Array(32);
}

/** Most bytes of a delta's plaintext. */
const MAX_PLAINTEXT_BYTES = MAX_DELTA_BYTES - ENVELOPE_OVERHEAD;

/**
 * The plaintext of a delta: msgpack `[ops, previous_hash]`. Source: docs/protocol.md, "Deltas".
 * @throws StateError `TOO_LARGE` when it would have more than {@link MAX_DELTA_BYTES} in its envelope
 */
export function encodeDelta(delta: Delta): Uint8Array {
  const writer = new MsgpackWriter(MAX_PLAINTEXT_BYTES);
  writer.array(2);
  writer.array(delta.ops.length);
  for (const op of delta.ops) {
    writer.array(op.op === 'remove' ? 2 : 3);
    writer.string(op.op);
    writer.string(op.path);
    if (op.op !== 'remove') writer.value(op.value);
  }
  writer.byteArray(delta.previousHash);
  return writer.finish();
}

/**
 * Reads the plaintext of a delta; bytes after it are ignored, as in the deployed system.
 * @throws StateError `INVALID_DELTA` or `INVALID_MSGPACK`
 */
export function decodeDelta(plaintext: Uint8Array): Delta {
  const reader = new MsgpackReader(plaintext);
  if (reader.array() !== 2) throw new StateError('INVALID_DELTA', 'delta: expected [ops, previous hash]');
  const ops: Op[] = [];
  for (let left = reader.array(); left > 0; left--) ops.push(decodeOp(reader));
  const previousHash = reader.byteArray();
  if (previousHash.length !== 32) {
    throw new StateError(
      'INVALID_DELTA',
      `delta: expected a previous hash of 32 bytes, got ${previousHash.length}`,
    );
  }
  return { ops, previousHash };
}

function decodeOp(reader: MsgpackReader): Op {
  const length = reader.array();
  const op = length === 0 ? '' : reader.string();
  if (op === 'remove' && length === 2) return { op, path: reader.string() };
  if ((op === 'add' || op === 'replace') && length === 3)
    return { op, path: reader.string(), value: reader.value() };
  throw new StateError('INVALID_DELTA', 'delta: expected operations add, replace or remove');
}

/** Encrypts a delta under the contract's state key. @throws StateError `TOO_LARGE` */
export function sealDelta(
  stateKey: Uint8Array,
  delta: Delta,
  options: Pick<SealOptions, 'iv'> = {},
): Uint8Array {
  return seal(stateKey, encodeDelta(delta), options);
}

/**
 * Decrypts a delta with the contract's state key.
 * @throws CryptoError when it does not open, StateError when it is no delta
 */
export function openDelta(stateKey: Uint8Array, envelope: Uint8Array): Delta {
  return decodeDelta(open(stateKey, envelope));
}

/** The hash of a delta, which goes on chain and into the next delta: Keccak-256 of its envelope. */
export function deltaHash(envelope: Uint8Array): Uint8Array {
  return keccak256(envelope);
}
