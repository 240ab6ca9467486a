import { fromHex, toHex } from '@enigma-worker/crypto';
import type { DcapCollateral } from '../policy.js';
import { Refusal } from '../refusal.js';
import { type Certificate, parsePem } from '../x509/certificate.js';
import { verifyChain } from '../x509/chain.js';
import { openRevocationList, type RevocationList } from '../x509/revocation.js';
import { isPlatformCertificate } from './pck.js';

/**
 * Checks Intel's collateral itself: that every list and chain is genuine, leads to the root, is
 * current and not revoked. The DCAP library leaves out the signatures and dates of revocation lists,
 * and ignores lists that it cannot read.
 * @returns the revocation lists, to check a platform's own chain with
 * @throws Refusal `COLLATERAL_INVALID`, `EXPIRED`, `REVOKED`, `UNTRUSTED_CHAIN`
 */
export async function verifyCollateral(
  collateral: DcapCollateral,
  root: Certificate,
  now: Date,
): Promise<readonly RevocationList[]> {
  const rootList = await openRevocationList(bytesOf(collateral.root_ca_crl), root, now);
  const pckAuthority = await signerOf('PCK CRL', collateral.pck_crl_issuer_chain, root, [rootList], now);
  if (!pckAuthority.isAuthority)
    throw new Refusal('COLLATERAL_INVALID', 'PCK CRL: its issuer is no authority');
  const pckList = await openRevocationList(bytesOf(collateral.pck_crl), pckAuthority, now);
  const lists = [rootList, pckList];
  for (const [name, chain, text] of [
    ['TCB info', collateral.tcb_info_issuer_chain, collateral.tcb_info],
    ['QE identity', collateral.qe_identity_issuer_chain, collateral.qe_identity],
  ] as const) {
    const signer = await signerOf(name, chain, root, lists, now);
    // A platform's key also leads to Intel's root; it must not vouch for platforms.
    if (signer.isAuthority || isPlatformCertificate(signer)) {
      throw new Refusal('COLLATERAL_INVALID', `${name}: signed by a key that is for something else`);
    }
    checkDates(name, text, now);
  }
  return lists;
}

/** Collateral that the DCAP library fetched, with all bytes as hex. */
export function normaliseCollateral(fetched: {
  readonly [field in keyof DcapCollateral]: string | readonly number[];
}): DcapCollateral {
  const text = (value: string | readonly number[]): string =>
    typeof value === 'string' ? value : toHex(Uint8Array.from(value));
  return {
    pck_crl_issuer_chain: text(fetched.pck_crl_issuer_chain),
    root_ca_crl: text(fetched.root_ca_crl),
    pck_crl: text(fetched.pck_crl),
    tcb_info_issuer_chain: text(fetched.tcb_info_issuer_chain),
    tcb_info: text(fetched.tcb_info),
    tcb_info_signature: text(fetched.tcb_info_signature),
    qe_identity_issuer_chain: text(fetched.qe_identity_issuer_chain),
    qe_identity: text(fetched.qe_identity),
    qe_identity_signature: text(fetched.qe_identity_signature),
  };
}

async function signerOf(
  name: string,
  pem: string,
  root: Certificate,
  lists: readonly RevocationList[],
  now: Date,
): Promise<Certificate> {
  const chain = parsePem(pem);
  const [signer] = chain;
  if (signer === undefined) throw new Refusal('COLLATERAL_INVALID', `${name}: no certificate of its issuer`);
  await verifyChain(chain, root, lists, now);
  return signer;
}

function checkDates(name: string, json: string, now: Date): void {
  const { issueDate, nextUpdate } = parseObject(name, json);
  const from = Date.parse(String(issueDate));
  const until = Date.parse(String(nextUpdate));
  if (Number.isNaN(from) || Number.isNaN(until))
    throw new Refusal('COLLATERAL_INVALID', `${name}: has no dates`);
  if (now.getTime() < from || now.getTime() > until) {
    throw new Refusal('EXPIRED', `${name}: valid from ${String(issueDate)} until ${String(nextUpdate)}`);
  }
}

function parseObject(name: string, json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Refused below like any other value.
  }
  throw new Refusal('COLLATERAL_INVALID', `${name}: not a JSON object`);
}

function bytesOf(hex: string): Uint8Array {
  try {
    return fromHex(hex);
  } catch {
    throw new Refusal('COLLATERAL_INVALID', 'revocation list: expected hex');
  }
}
