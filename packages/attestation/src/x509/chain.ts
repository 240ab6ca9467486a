import { equalBytes } from '@enigma-worker/crypto';
import { Refusal } from '../refusal.js';
import { type Certificate, isIssuedBy } from './certificate.js';
import type { RevocationList } from './revocation.js';

/** Certificates in one chain, the root included. */
const LONGEST_CHAIN = 5;

/**
 * Checks that a certificate leads to the root: each is issued by the next, all are valid at `now`,
 * all but the leaf are authorities, and none is on a revocation list of its issuer.
 * @param chain the leaf first; the root may stand at its end or be left out
 * @throws Refusal `UNTRUSTED_CHAIN`, `EXPIRED` or `REVOKED`
 */
export async function verifyChain(
  chain: readonly Certificate[],
  root: Certificate,
  lists: readonly RevocationList[],
  now: Date,
): Promise<void> {
  const last = chain.at(-1);
  const path = last !== undefined && equalBytes(last.raw, root.raw) ? chain : [...chain, root];
  if (path.length < 2 || path.length > LONGEST_CHAIN) {
    throw new Refusal(
      'UNTRUSTED_CHAIN',
      `certificate chain: expected 2 to ${LONGEST_CHAIN} certificates, got ${path.length}`,
    );
  }
  for (const [index, certificate] of path.entries()) {
    // The root is trusted for its key, by the policy; it is the issuer of itself.
    const issuer = path[index + 1] ?? certificate;
    if (index > 0 && !certificate.isAuthority) {
      throw new Refusal('UNTRUSTED_CHAIN', 'certificate chain: an issuer that is no authority');
    }
    if (!equalBytes(certificate.issuer, issuer.subject) || !(await isIssuedBy(certificate, issuer))) {
      throw new Refusal('UNTRUSTED_CHAIN', 'certificate chain: does not lead to the trusted root');
    }
    if (now < certificate.notBefore || now > certificate.notAfter) {
      throw new Refusal('EXPIRED', `certificate: valid until ${certificate.notAfter.toISOString()}`);
    }
    if (
      lists.some(
        (list) => equalBytes(list.issuer, certificate.issuer) && list.revoked.has(certificate.serial),
      )
    ) {
      throw new Refusal('REVOKED', `certificate: serial ${certificate.serial} is revoked`);
    }
  }
}
