import { Bytes32 } from '../bytes';
import * as host from '../host';
import { revert } from '../revert';

const OVERHEAD: i32 = 28;

/** AES-256-GCM with a random nonce: the ciphertext, a tag of 16 bytes and the nonce of 12. */
export function encrypt(message: Uint8Array, key: Bytes32): Uint8Array {
  const envelope = new Uint8Array(message.length + OVERHEAD);
  host.encrypt(message.dataStart, message.length, key.pointer, envelope.dataStart);
  return envelope;
}

/** Opens what {@link encrypt} made. A wrong key or a changed envelope fails the task; it cannot be caught. */
export function decrypt(envelope: Uint8Array, key: Bytes32): Uint8Array {
  if (envelope.length < OVERHEAD) revert('envelope is too short');
  const message = new Uint8Array(envelope.length - OVERHEAD);
  host.decrypt(envelope.dataStart, envelope.length, key.pointer, message.dataStart);
  return message;
}
