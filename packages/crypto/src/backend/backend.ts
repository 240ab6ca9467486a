/**
 * The primitives that differ between Node (native code) and browsers (portable JavaScript).
 * Both implementations pass the same tests. Inputs are of the right length when they get here;
 * a point that is not on the curve, a key out of range or a bad tag makes them throw.
 */
export interface Backend {
  /** `native` or `portable`: which implementation this is. */
  readonly name: 'native' | 'portable';
  keccak256(data: Uint8Array): Uint8Array;
  sha256(data: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  randomFill(target: Uint8Array): void;
  isPrivateKey(key: Uint8Array): boolean;
  /** Uncompressed point without the leading `04`: 64 bytes. */
  publicKey(privateKey: Uint8Array): Uint8Array;
  /** Low-S, RFC 6979 signature of a 32-byte digest: r ‖ s ‖ recovery id, 65 bytes. */
  sign(digest: Uint8Array, privateKey: Uint8Array): Uint8Array;
  recover(digest: Uint8Array, signature: Uint8Array, recovery: number): Uint8Array;
  /** SHA-256 of the compressed shared point. */
  ecdh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  /** Fills `target` with ciphertext ‖ tag(16). */
  aesGcmSeal(
    target: Uint8Array,
    key: Uint8Array,
    iv: Uint8Array,
    plaintext: Uint8Array,
    aad?: Uint8Array,
  ): void;
  aesGcmOpen(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array, aad?: Uint8Array): Uint8Array;
}
