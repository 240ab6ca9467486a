import { backend } from '#backend';
import { expectLength } from './errors.js';

/** Keccak-256 as Ethereum uses it (not NIST SHA3-256): 32 bytes. */
export function keccak256(data: Uint8Array): Uint8Array {
  return backend.keccak256(data);
}

/** SHA-256: 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return backend.sha256(data);
}

/** HMAC-SHA-256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return backend.hmacSha256(key, data);
}

/**
 * HKDF-SHA-256 (RFC 5869) with 32 bytes of output.
 * @param secret input keying material
 * @param salt may be empty
 * @param info binds the output to its purpose
 */
export function hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array {
  const pseudorandomKey = hmacSha256(salt.length === 0 ? new Uint8Array(32) : salt, secret);
  expectLength('HKDF pseudorandom key', pseudorandomKey, 32);
  const block = new Uint8Array(info.length + 1);
  block.set(info);
  block[info.length] = 1;
  return hmacSha256(pseudorandomKey, block);
}
