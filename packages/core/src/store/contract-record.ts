import { randomBytes } from '@enigma-worker/crypto';
import { CHAIN_LENGTH } from './buckets.js';
import type { ContractRecord } from './records.js';

// flags(1) ‖ code hash(32) ‖ tip(4) ‖ delta count(4) ‖ state id(16) ‖ state index(4) ‖ state hash(32) ‖ chain(8)
const CHAIN_AT = 93;
const LENGTH = CHAIN_AT + CHAIN_LENGTH;
const HAS_CODE = 1;
const HAS_TIP = 2;
const HAS_STATE = 4;
const STATE_IS_WHOLE = 8;

/** The record of a contract of which nothing was known. */
export function newRecord(): ContractRecord {
  return {
    chain: randomBytes(CHAIN_LENGTH),
    codeHash: undefined,
    tip: undefined,
    deltaCount: 0,
    state: undefined,
  };
}

/** The bytes of a record as stored. */
export function encodeRecord(record: ContractRecord): Uint8Array {
  const { codeHash, tip, state } = record;
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] =
    (codeHash === undefined ? 0 : HAS_CODE) |
    (tip === undefined ? 0 : HAS_TIP) |
    (state === undefined ? 0 : HAS_STATE) |
    (state?.shape === 'whole' ? STATE_IS_WHOLE : 0);
  if (codeHash !== undefined) bytes.set(codeHash, 1);
  view.setUint32(33, tip ?? 0);
  view.setUint32(37, record.deltaCount);
  if (state !== undefined) {
    bytes.set(state.id, 41);
    view.setUint32(57, state.index);
    bytes.set(state.hash, 61);
  }
  bytes.set(record.chain, CHAIN_AT);
  return bytes;
}

/** Reads a record; nothing when the bytes are none. The bytes are copied. */
export function decodeRecord(bytes: Uint8Array): ContractRecord | undefined {
  if (bytes.length !== LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = bytes[0]!;
  return {
    chain: copy(bytes, CHAIN_AT, LENGTH),
    codeHash: flags & HAS_CODE ? copy(bytes, 1, 33) : undefined,
    tip: flags & HAS_TIP ? view.getUint32(33) : undefined,
    deltaCount: view.getUint32(37),
    state:
      flags & HAS_STATE
        ? {
            id: copy(bytes, 41, 57),
            index: view.getUint32(57),
            hash: copy(bytes, 61, 93),
            shape: flags & STATE_IS_WHOLE ? 'whole' : 'object',
          }
        : undefined,
  };
}

function copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  // Not slice: that of a Buffer shares memory.
  return new Uint8Array(bytes.subarray(start, end));
}
