import { backend } from '#backend';
import { lengthPrefixed } from './bytes.js';
import { CryptoError, expectLength } from './errors.js';
import { keccak256 } from './hash.js';
import { randomBytes } from './random.js';

/** A key pair of secp256k1: 32 bytes of private key, 64 bytes `X‖Y` of public key. */
export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A fresh random key pair. */
export function generateKeyPair(): KeyPair {
  for (;;) {
    const privateKey = randomBytes(32);
    if (backend.isPrivateKey(privateKey)) return { privateKey, publicKey: backend.publicKey(privateKey) };
  }
}

/**
 * The key pair of a private key.
 * @throws CryptoError `INVALID_LENGTH` or `INVALID_PRIVATE_KEY` (zero, or not below the curve's order)
 */
export function keyPairOf(privateKey: Uint8Array): KeyPair {
  expectLength('private key', privateKey, 32);
  if (!backend.isPrivateKey(privateKey)) {
    throw new CryptoError(
      'INVALID_PRIVATE_KEY',
      'private key: expected a number from 1 to the order of secp256k1 less 1',
    );
  }
  return { privateKey, publicKey: backend.publicKey(privateKey) };
}

/** Last 20 bytes of the Keccak-256 of a 64-byte public key: its Ethereum address. */
export function addressOf(publicKey: Uint8Array): Uint8Array {
  expectLength('public key', publicKey, 64);
  return keccak256(publicKey).slice(12);
}

/**
 * Signs the Keccak-256 of a message: r(32) ‖ s(32) ‖ v(1), v = 27 + recovery id; RFC 6979, low S.
 * Source: docs/protocol.md, "Hash and signature".
 */
export function sign(message: Uint8Array, privateKey: Uint8Array): Uint8Array {
  return signDigest(keccak256(message), privateKey);
}

/** Signs a 32-byte digest as {@link sign} does. */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  expectLength('digest', digest, 32);
  expectLength('private key', privateKey, 32);
  const signature = backend.sign(digest, privateKey);
  signature[64]! += 27;
  return signature;
}

/** Signs the length-prefixed concatenation of the parts. */
export function signParts(privateKey: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return sign(lengthPrefixed(...parts), privateKey);
}

/**
 * The 64-byte public key that signed the Keccak-256 of a message.
 * @throws CryptoError `INVALID_LENGTH` or `INVALID_SIGNATURE`
 */
export function recoverPublicKey(message: Uint8Array, signature: Uint8Array): Uint8Array {
  expectLength('signature', signature, 65);
  const recovery = signature[64]! - 27;
  if (recovery < 0 || recovery > 3) {
    throw new CryptoError('INVALID_SIGNATURE', `signature: expected v from 27 to 30, got ${signature[64]!}`);
  }
  try {
    return backend.recover(keccak256(message), signature.slice(0, 64), recovery);
  } catch {
    throw new CryptoError('INVALID_SIGNATURE', 'signature: no public key could have made it');
  }
}

/** The 20-byte address that signed the Keccak-256 of a message. Throws as {@link recoverPublicKey} does. */
export function recoverAddress(message: Uint8Array, signature: Uint8Array): Uint8Array {
  return addressOf(recoverPublicKey(message, signature));
}

/**
 * Shared key of two parties: SHA-256 of the compressed shared point, 32 bytes.
 * Source: docs/protocol.md, "ECDH".
 * @throws CryptoError `INVALID_LENGTH` or `INVALID_PUBLIC_KEY` (not a point of the curve)
 */
export function sharedKey(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  expectLength('private key', privateKey, 32);
  expectLength('public key', publicKey, 64);
  try {
    return backend.ecdh(privateKey, publicKey);
  } catch {
    throw new CryptoError('INVALID_PUBLIC_KEY', 'public key: not a point of secp256k1');
  }
}
