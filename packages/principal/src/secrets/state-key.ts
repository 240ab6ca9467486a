import { be32, hkdfSha256, lengthPrefixed, utf8 } from '@enigma-worker/crypto';

const PURPOSE = utf8('enigma state key v1');

/**
 * The state key of a contract: HKDF-SHA-256 of a generation's master secret, bound to generation and
 * address. Derived rather than random, so that one small secret is all that must be sealed, backed up
 * and restored, and a restored principal can serve contracts that it has never seen; the price is that
 * who learns a master secret learns all keys of its generation, which is why generations exist.
 * @param contract 32 bytes
 */
export function deriveStateKey(
  masterSecret: Uint8Array,
  generation: number,
  contract: Uint8Array,
): Uint8Array {
  return hkdfSha256(masterSecret, new Uint8Array(), lengthPrefixed(PURPOSE, be32(generation), contract));
}
