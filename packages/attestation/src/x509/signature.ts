import { concat } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';
import { childrenOf, contentOf, type DerValue, oidOf, readDer, smallIntegerOf, TAG } from './der.js';

/** How a certificate, a revocation list or a report is signed. */
export type SignatureAlgorithm = 'ecdsa-p256-sha256' | 'ecdsa-p384-sha384' | 'rsa-pss-sha384';

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  rsaPss: '1.2.840.113549.1.1.10',
  sha384: '2.16.840.1.101.3.4.2.2',
} as const;

const PSS_SALT_LENGTH = 48;

/** The algorithm of an AlgorithmIdentifier, as far as Intel's and AMD's certificates use them. */
export function signatureAlgorithmOf(identifier: DerValue): SignatureAlgorithm {
  const [oid, parameters] = childrenOf(identifier);
  switch (oidOf(oid)) {
    case OID.ecdsaWithSha256:
      return 'ecdsa-p256-sha256';
    case OID.ecdsaWithSha384:
      return 'ecdsa-p384-sha384';
    case OID.rsaPss:
      expectPssParameters(parameters);
      return 'rsa-pss-sha384';
    default:
      throw new Refusal('UNSUPPORTED', 'certificate: a signature algorithm that this verifier does not know');
  }
}

/**
 * Whether `signature` is that of `data` by the key of a SubjectPublicKeyInfo. A key of another type
 * than the algorithm's is refused as a wrong signature.
 * @param signature DER for ECDSA
 */
export async function isSignedBy(
  algorithm: SignatureAlgorithm,
  publicKeyInfo: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { subtle } = globalThis.crypto;
  try {
    if (algorithm === 'rsa-pss-sha384') {
      const key = await subtle.importKey(
        'spki',
        copy(publicKeyInfo),
        { name: 'RSA-PSS', hash: 'SHA-384' },
        false,
        ['verify'],
      );
      return await subtle.verify(
        { name: 'RSA-PSS', saltLength: PSS_SALT_LENGTH },
        key,
        copy(signature),
        copy(data),
      );
    }
    const [namedCurve, hash, size] =
      algorithm === 'ecdsa-p256-sha256'
        ? (['P-256', 'SHA-256', 32] as const)
        : (['P-384', 'SHA-384', 48] as const);
    const key = await subtle.importKey('spki', copy(publicKeyInfo), { name: 'ECDSA', namedCurve }, false, [
      'verify',
    ]);
    return await subtle.verify({ name: 'ECDSA', hash }, key, copy(rawEcdsa(signature, size)), copy(data));
  } catch {
    return false;
  }
}

/** r ‖ s of a DER-encoded ECDSA signature. */
function rawEcdsa(signature: Uint8Array, size: number): Uint8Array {
  const [r, s] = childrenOf(readDer(signature)).map((value) => {
    const digits = contentOf(value, TAG.integer);
    const unsigned = digits[0] === 0 ? digits.subarray(1) : digits;
    if (unsigned.length > size) throw new Refusal('MALFORMED', 'ECDSA signature: a number out of range');
    return concat(new Uint8Array(size - unsigned.length), unsigned);
  });
  return concat(r ?? new Uint8Array(), s ?? new Uint8Array());
}

/** RSASSA-PSS-params: SHA-384 for hash and mask, 48 bytes of salt. */
function expectPssParameters(parameters: DerValue | undefined): void {
  const [hash, mask, salt] = parameters === undefined ? [] : childrenOf(parameters);
  const hashOid = hash?.tag === 0xa0 ? oidOf(childrenOf(readDer(hash.content))[0]) : '';
  const maskHash = mask?.tag === 0xa1 ? childrenOf(readDer(mask.content))[1] : undefined;
  const maskOid = maskHash === undefined ? '' : oidOf(childrenOf(maskHash)[0]);
  const saltLength = salt?.tag === 0xa2 ? smallIntegerOf(readDer(salt.content)) : 0;
  if (hashOid !== OID.sha384 || maskOid !== OID.sha384 || saltLength !== PSS_SALT_LENGTH) {
    throw new Refusal('UNSUPPORTED', 'certificate: expected RSASSA-PSS with SHA-384 and 48 bytes of salt');
  }
}

/** WebCrypto takes no views of shared memory; the types of TypeScript insist on it. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
