import { Bytes32 } from '../bytes';
import { keccak256At } from './keccak';

/** Keccak-256, Ethereum's hash. For the hash of several values, put them into a `@struct` and hash its `toAbi()`. */
export function keccak256(message: Uint8Array): Bytes32 {
  const hash = new Bytes32();
  keccak256At(hash.pointer, message.dataStart, message.length);
  return hash;
}

/** Keccak-256 of a text in UTF-8. */
export function keccak256Text(text: string): Bytes32 {
  const message = String.UTF8.encode(text);
  const hash = new Bytes32();
  keccak256At(hash.pointer, changetype<usize>(message), message.byteLength);
  return hash;
}
