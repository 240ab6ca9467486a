import { gcm } from '@noble/ciphers/aes.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Backend } from './backend.js';

declare const crypto: { getRandomValues(target: Uint8Array): Uint8Array };

// The Web Crypto API refuses more than this many random bytes in one call.
const RANDOM_CHUNK = 65_536;

function uncompressed(publicKey: Uint8Array): Uint8Array {
  const point = new Uint8Array(65);
  point[0] = 4;
  point.set(publicKey, 1);
  return point;
}

/** Audited pure JavaScript (noble): runs in browsers and wherever native code does not load. */
export const backend: Backend = {
  name: 'portable',
  keccak256: (data) => keccak_256(data),
  sha256: (data) => sha256(data),
  hmacSha256: (key, data) => hmac(sha256, key, data),
  randomFill(target) {
    for (let at = 0; at < target.length; at += RANDOM_CHUNK) {
      crypto.getRandomValues(target.subarray(at, at + RANDOM_CHUNK));
    }
  },
  isPrivateKey: (key) => secp256k1.utils.isValidSecretKey(key),
  publicKey: (privateKey) => secp256k1.getPublicKey(privateKey, false).slice(1),
  sign(digest, privateKey) {
    const bytes = secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: 'recovered' });
    const recoverable = new Uint8Array(65);
    recoverable.set(bytes.subarray(1));
    recoverable[64] = bytes[0]!;
    return recoverable;
  },
  recover(digest, signature, recovery) {
    const recoverable = new Uint8Array(65);
    recoverable[0] = recovery;
    recoverable.set(signature, 1);
    const compressed = secp256k1.recoverPublicKey(recoverable, digest, { prehash: false });
    return secp256k1.Point.fromBytes(compressed).toBytes(false).slice(1);
  },
  ecdh: (privateKey, publicKey) =>
    sha256(secp256k1.getSharedSecret(privateKey, uncompressed(publicKey), true)),
  aesGcmSeal: (target, key, iv, plaintext, aad) => target.set(gcm(key, iv, aad).encrypt(plaintext)),
  aesGcmOpen: (key, iv, sealed, aad) => gcm(key, iv, aad).decrypt(sealed),
};
