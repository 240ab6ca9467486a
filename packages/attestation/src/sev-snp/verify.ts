import { concat, equalBytes, isZero } from '@enigma-worker/crypto';
import type { SevSnpPolicy, SevSnpTcb } from '../policy.js';
import { Refusal } from '../refusal.js';
import { type Certificate, isIssuedBy, parseCertificate } from '../x509/certificate.js';
import { verifyChain } from '../x509/chain.js';
import { openRevocationList, type RevocationList } from '../x509/revocation.js';
import { isSignedBy } from '../x509/signature.js';
import { readCertificateTable } from './certificate-table.js';
import { endorsementKeyOf, signingKeyKindOf } from './endorsement-key.js';
import { parseReport, type SevSnpReport, tcbOf } from './report.js';

/** An SEV-SNP report that is genuine. */
export interface VerifiedSevSnpReport {
  readonly report: SevSnpReport;
  readonly tcb: SevSnpTcb;
}

/**
 * Verifies an SEV-SNP report: its signature by the VCEK or VLEK that it names, the chain to a root of the
 * policy (by way of ASK or ASVK) with revocation, and that certificate and report speak of the same
 * firmware and, with a VCEK, of the same chip.
 * @param auxblob the certificate table that the host added, if any
 * @throws Refusal
 */
export async function verifySevSnpReport(
  bytes: Uint8Array,
  auxblob: Uint8Array | undefined,
  policy: SevSnpPolicy,
  allowDebug: boolean,
  now: Date,
): Promise<VerifiedSevSnpReport> {
  const report = parseReport(bytes);
  const kind = report.signingKey;
  if (kind === undefined)
    throw new Refusal('UNSUPPORTED', 'SEV-SNP report: signed neither by a VCEK nor by a VLEK');
  const given = [
    ...(auxblob === undefined ? [] : readCertificateTable(auxblob)),
    ...(policy.certificates ?? []),
  ];
  const certificates = given.map(parseCertificate);
  const candidates = certificates.filter((certificate) => signingKeyKindOf(certificate) === kind);
  const [first] = candidates;
  if (first === undefined)
    throw new Refusal(
      'COLLATERAL_MISSING',
      `SEV-SNP report: no ${kind} certificate came with it or with the policy`,
    );
  const signer = await signerOf(report, candidates);
  await verifySigner(signer ?? first, certificates, policy, now);
  if (signer === undefined) {
    throw new Refusal('QUOTE_NOT_GENUINE', 'SEV-SNP report: not signed by the platform of its certificate');
  }
  const tcb = checkPlatform(report, signer);
  if (report.debug && !allowDebug)
    throw new Refusal('DEBUG_NOT_ALLOWED', 'SEV-SNP guest: in debug mode, its host can look inside');
  judge(report, tcb, policy);
  return { report, tcb };
}

/** A policy names the chips of a whole fleet, and a host may hand out the certificate of an earlier firmware. */
async function signerOf(
  report: SevSnpReport,
  candidates: readonly Certificate[],
): Promise<Certificate | undefined> {
  const signature = derSignature(report);
  for (const candidate of candidates) {
    if (await isSignedBy('ecdsa-p384-sha384', candidate.publicKeyInfo, report.signed, signature))
      return candidate;
  }
  return undefined;
}

async function verifySigner(
  signer: Certificate,
  certificates: readonly Certificate[],
  policy: SevSnpPolicy,
  now: Date,
): Promise<void> {
  const intermediate = await issuerOf(signer, certificates);
  const root = await issuerOf(intermediate, policy.roots.map(parseCertificate));
  await verifyChain([signer, intermediate], root, await revocationListsOf(root, policy, now), now);
}

async function issuerOf(certificate: Certificate, candidates: readonly Certificate[]): Promise<Certificate> {
  for (const candidate of candidates) {
    if (equalBytes(candidate.subject, certificate.issuer) && (await isIssuedBy(certificate, candidate)))
      return candidate;
  }
  throw new Refusal('UNTRUSTED_CHAIN', 'certificate chain: does not lead to a trusted root');
}

/**
 * The lists of the policy that the root signed and that are current: AMD publishes one for VCEKs and one
 * for VLEKs. At least one.
 */
async function revocationListsOf(
  root: Certificate,
  policy: SevSnpPolicy,
  now: Date,
): Promise<RevocationList[]> {
  const lists: RevocationList[] = [];
  let refusal = new Refusal(
    'COLLATERAL_MISSING',
    'SEV-SNP: the policy brings no revocation list of this root',
  );
  for (const list of policy.revocationLists) {
    try {
      lists.push(await openRevocationList(list, root, now));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // An outdated list of the right root is the better explanation than one of another root.
      if (error.code === 'EXPIRED') refusal = error;
    }
  }
  // An outdated list might be the very one that names this chain.
  if (lists.length === 0 || refusal.code === 'EXPIRED') throw refusal;
  return lists;
}

/** Report and certificate must speak of the same firmware, and of the same chip where it names one. */
function checkPlatform(report: SevSnpReport, certificate: Certificate): SevSnpTcb {
  const key = endorsementKeyOf(certificate);
  const tcb = tcbOf(report.reportedTcb, key.hasFmc);
  if (TCB_PARTS.some((part) => tcb[part] !== key.tcb[part])) {
    throw new Refusal('QUOTE_NOT_GENUINE', 'SEV-SNP report: of another firmware than its certificate');
  }
  if (key.hardwareId === undefined || isZero(report.chipId)) return tcb;
  if (!equalBytes(report.chipId.subarray(0, key.hardwareId.length), key.hardwareId)) {
    throw new Refusal('QUOTE_NOT_GENUINE', 'SEV-SNP report: of another chip than its certificate');
  }
  return tcb;
}

const TCB_PARTS = ['fmc', 'bootLoader', 'tee', 'snp', 'microcode'] as const satisfies (keyof SevSnpTcb)[];

function judge(report: SevSnpReport, tcb: SevSnpTcb, policy: SevSnpPolicy): void {
  const { minimumTcb = {}, maximumVmpl = 0, allowMigrationAgent = false } = policy;
  for (const part of TCB_PARTS) {
    const minimum = minimumTcb[part] ?? 0;
    if (tcb[part] < minimum) {
      throw new Refusal(
        'TCB_NOT_ACCEPTED',
        `platform: ${part} version ${tcb[part]}, expected at least ${minimum}`,
      );
    }
  }
  if (report.vmpl > maximumVmpl) {
    throw new Refusal(
      'MEASUREMENT_NOT_ACCEPTED',
      `SEV-SNP report: made at privilege level ${report.vmpl}, expected at most ${maximumVmpl}`,
    );
  }
  if (report.migrationAgent && !allowMigrationAgent) {
    throw new Refusal('MEASUREMENT_NOT_ACCEPTED', 'SEV-SNP guest: a migration agent may move it');
  }
}

/** A DER SEQUENCE of the two INTEGERs. */
function derSignature({ signature: { r, s } }: SevSnpReport): Uint8Array {
  const integers = [r, s].map((number) => {
    const first = number.findIndex((byte) => byte !== 0);
    const digits = number.subarray(first === -1 ? number.length - 1 : first);
    const positive = digits[0]! > 0x7f ? concat(Uint8Array.of(0), digits) : digits;
    return concat(Uint8Array.of(0x02, positive.length), positive);
  });
  const body = concat(...integers);
  return concat(Uint8Array.of(0x30, body.length), body);
}
