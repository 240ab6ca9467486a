import { equalBytes, toHex } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';
import type { Certificate } from './certificate.js';
import { bitsOf, childrenOf, contentOf, type DerValue, readDer, required, TAG, timeOf } from './der.js';
import { isSignedBy, signatureAlgorithmOf } from './signature.js';

/** A certificate revocation list (RFC 5280) that its issuer signed and that is current. */
export interface RevocationList {
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  /** Hex of the revoked serial numbers. */
  readonly revoked: ReadonlySet<string>;
}

/** A revocation list longer than this is refused unread. */
const LONGEST_LIST = 4 << 20;

/**
 * Reads a revocation list and checks that `issuer` signed it and that it is current.
 * @throws Refusal `COLLATERAL_INVALID` or `EXPIRED`
 */
export async function openRevocationList(
  der: Uint8Array,
  issuer: Certificate,
  now: Date,
): Promise<RevocationList> {
  const list = parse(der);
  if (!equalBytes(list.issuer, issuer.subject)) {
    throw new Refusal('COLLATERAL_INVALID', 'revocation list: of another issuer than expected');
  }
  if (!(await isSignedBy(list.algorithm, issuer.publicKeyInfo, list.signed, list.signature))) {
    throw new Refusal('COLLATERAL_INVALID', 'revocation list: not signed by its issuer');
  }
  if (now < list.thisUpdate || now > list.nextUpdate) {
    throw new Refusal('EXPIRED', `revocation list: valid until ${list.nextUpdate.toISOString()}`);
  }
  return list;
}

function parse(der: Uint8Array) {
  if (der.length > LONGEST_LIST) throw new Refusal('COLLATERAL_INVALID', 'revocation list: too long');
  try {
    const [toBeSigned, algorithm, signature] = childrenOf(readDer(der));
    const fields = childrenOf(required(toBeSigned));
    // version INTEGER OPTIONAL, signature, issuer, thisUpdate, nextUpdate, revokedCertificates OPTIONAL, ...
    const start = fields[0]?.tag === TAG.integer ? 1 : 0;
    const [, issuer, thisUpdate, nextUpdate, entries] = fields.slice(start);
    return {
      issuer: required(issuer).raw,
      thisUpdate: timeOf(thisUpdate),
      nextUpdate: timeOf(nextUpdate),
      revoked: new Set(serials(entries)),
      signed: required(toBeSigned).raw,
      algorithm: signatureAlgorithmOf(required(algorithm)),
      signature: bitsOf(signature),
    };
  } catch (error) {
    throw new Refusal('COLLATERAL_INVALID', 'revocation list: cannot be read', { cause: error });
  }
}

function serials(entries: DerValue | undefined): string[] {
  // An absent list of entries is followed by the tagged extensions, or by nothing.
  if (entries?.tag !== TAG.sequence) return [];
  return childrenOf(entries).map((entry) => toHex(contentOf(childrenOf(entry)[0], TAG.integer)));
}
