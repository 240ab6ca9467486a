import { be32, concat, open, seal, fromUtf8, utf8 } from '@enigma-worker/crypto';
import { isStackExhausted } from '../../vm/traps.js';
import { DamagedStateError } from './errors.js';
import type { StateKeys } from './keys.js';

/** Where a sealed value belongs: all of it is bound to the value, which opens nowhere else. */
export interface Place {
  /** The contract, 32 bytes. */
  readonly address: Uint8Array;
  /** The build of the state, 16 bytes. */
  readonly stateId: Uint8Array;
  /** What stands for the key, 16 bytes. */
  readonly tag: Uint8Array;
}

/** A value of a state in clear. */
export interface OpenValue {
  /** The key; empty for a whole state that is no object. */
  readonly name: string;
  /** Canonical JSON text. */
  readonly text: string;
  /** Index of the delta that wrote it, or of one soon after. */
  readonly version: number;
}

// format(1) ‖ version(4) ‖ envelope of be32(name length) ‖ name ‖ text
const FORMAT = 1;
const HEADER_LENGTH = 5;
const LABEL = utf8('enigma-worker/state/value');

/** Seals a value for its place. The name is inside, so that the whole state can be listed again. */
export function sealValue(keys: StateKeys, place: Place, value: OpenValue): Uint8Array {
  const header = concat(Uint8Array.of(FORMAT), be32(value.version));
  const name = utf8(value.name);
  const plaintext = concat(be32(name.length), name, utf8(value.text));
  return seal(keys.value, plaintext, { aad: additionalData(place, header), prefix: header });
}

/** Opens a value. @throws DamagedStateError when it was not sealed for this place, or was changed since */
export function openValue(keys: StateKeys, place: Place, sealed: Uint8Array): OpenValue {
  const header = sealed.subarray(0, HEADER_LENGTH);
  if (header.length < HEADER_LENGTH || header[0] !== FORMAT)
    throw new DamagedStateError(place.address, place.tag);
  try {
    const plaintext = open(keys.value, sealed.subarray(HEADER_LENGTH), additionalData(place, header));
    const nameEnd = 4 + readBe32(plaintext, 0);
    return {
      name: fromUtf8(plaintext.subarray(4, nameEnd)),
      text: fromUtf8(plaintext.subarray(nameEnd)),
      version: readBe32(header, 1),
    };
  } catch (error) {
    // A contract may read where the stack ends: that says nothing of what is stored.
    if (isStackExhausted(error)) throw error;
    throw new DamagedStateError(place.address, place.tag, { cause: error });
  }
}

function additionalData(place: Place, header: Uint8Array): Uint8Array {
  return concat(LABEL, header, place.address, place.stateId, place.tag);
}

function readBe32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at);
}
