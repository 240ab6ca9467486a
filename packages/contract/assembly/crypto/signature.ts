import { Address, Bytes32, fixedBytesAt } from '../bytes';
import { u256 } from '../math/u256';
import { keccak256At } from './keccak';
import { recoverPublicKey } from './secp256k1';
import { revert } from '../revert';

@lazy const PUBLIC_KEY: usize = memory.data(64, 8);

/**
 * The Ethereum account that signed a hash; reverts when the signature is none.
 *
 * @param hash what was signed; for what a wallet signs as a message, take {@link hashMessage}
 * @param signature 65 bytes: r, s and v, where v is 27 or 28 (or 0 or 1). Of the two forms of a signature only the one with the
 *   lower s is taken, as in Ethereum, so that a signature cannot be changed into another one.
 */
export function recoverAddress(hash: Bytes32, signature: Uint8Array): Address {
  if (signature.length != 65) revert('a signature has 65 bytes');
  const v = signature[64];
  const isOdd = v == 28 || v == 1;
  const r = u256.fromBigEndian(signature.dataStart);
  const s = u256.fromBigEndian(signature.dataStart + 32);
  const isKnown = isOdd || v == 27 || v == 0;
  const halfOrder = new u256(0xdfe92f46681b20a0, 0x5d576e7357a4501d, 0xffffffffffffffff, 0x7fffffffffffffff);
  if (!isKnown || s > halfOrder || !recoverPublicKey(PUBLIC_KEY, u256.fromBigEndian(hash.pointer), r, s, isOdd)) {
    revert('not a signature');
  }
  keccak256At(PUBLIC_KEY, PUBLIC_KEY, 64);
  return fixedBytesAt<Address>(PUBLIC_KEY + 12);
}

/** The hash that a wallet signs when it is asked to sign a message: EIP-191, version 0x45. */
export function hashMessage(message: Uint8Array): Bytes32 {
  const prefix = String.UTF8.encode('\x19Ethereum Signed Message:\n' + message.length.toString());
  const length = prefix.byteLength + message.length;
  const bytes = heap.alloc(length);
  memory.copy(bytes, changetype<usize>(prefix), prefix.byteLength);
  memory.copy(bytes + prefix.byteLength, message.dataStart, message.length);
  const hash = new Bytes32();
  keccak256At(hash.pointer, bytes, length);
  return hash;
}
