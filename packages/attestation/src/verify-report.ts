import { equalBytes, recoverAddress, toHex } from '@enigma-worker/crypto';
import { verifyQuote } from './dcap/verify.js';
import { type Evidence, EvidenceError, type EvidenceKind, parseEvidence } from './evidence.js';
import type { AcceptedClaims, Measurement, Policy } from './policy.js';
import { Refusal, type RefusalCode } from './refusal.js';
import { type AttestedClaims, encodeReportData } from './report-data.js';
import { verifySevSnpReport } from './sev-snp/verify.js';

/** What GetRegistrationParams hands out: the subject of a verification. */
export interface RegistrationParams {
  /** 20 bytes: the address of the signing key. */
  readonly signingKey: Uint8Array;
  readonly report: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a verified report tells. */
export interface VerifiedReport {
  readonly kind: EvidenceKind;
  readonly signingAddress: Uint8Array;
  readonly claims: AttestedClaims;
  readonly debug: boolean;
  /** Measurements of the platform by name; none for a simulation. */
  readonly measurements: Readonly<Record<string, Uint8Array>>;
  /** For SGX and TDX the status in Intel's words, for SEV-SNP the firmware's versions. */
  readonly tcb?: string;
  readonly advisoryIds: readonly string[];
}

/** The outcome of a verification. */
export type Verdict =
  | { readonly ok: true; readonly report: VerifiedReport }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

/**
 * Verifies a worker's registration against a policy: that its signing key signed the evidence, that a
 * platform of the policy's trust measured accepted code, and that the platform signed this very key.
 * Never throws, reads no clock, fetches nothing; its time is bounded by the limits on the lengths of
 * what it reads. Runs in Node and in browsers (WebCrypto).
 */
export async function verifyReport(params: RegistrationParams, policy: Policy): Promise<Verdict> {
  try {
    return { ok: true, report: await verify(params, policy) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, code: error.code, message: error.message };
    if (error instanceof EvidenceError) return { ok: false, code: 'MALFORMED', message: error.message };
    // Whatever a hostile input made a parser throw, the report is not accepted.
    return { ok: false, code: 'MALFORMED', message: 'evidence: cannot be read' };
  }
}

async function verify(params: RegistrationParams, policy: Policy): Promise<VerifiedReport> {
  // Every comparison with a time that is none would be false, and so nothing would be expired.
  if (Number.isNaN(policy.now.getTime())) throw new Refusal('EXPIRED', 'policy: its time is not a date');
  const evidence = parseEvidence(params.report);
  checkSignature(params);
  const platform = await verifyPlatform(evidence, policy);
  if (!equalBytes(platform.reportData, encodeReportData(params.signingKey, evidence.claims))) {
    throw new Refusal('REPORT_DATA_MISMATCH', 'report: made for another signing key or other claims');
  }
  checkClaims(evidence.claims, policy.claims);
  const { reportData: _, ...told } = platform;
  return { kind: evidence.kind, signingAddress: params.signingKey, claims: evidence.claims, ...told };
}

type Platform = Omit<VerifiedReport, 'kind' | 'signingAddress' | 'claims'> & {
  readonly reportData: Uint8Array;
};

async function verifyPlatform(evidence: Evidence, policy: Policy): Promise<Platform> {
  switch (evidence.kind) {
    case 'simulation':
      return simulation(evidence, policy);
    case 'sgx':
    case 'tdx':
      return await dcap(evidence, policy);
    case 'sev-snp':
      return await sevSnp(evidence, policy);
  }
}

function simulation({ quote }: Evidence, policy: Policy): Platform {
  if (policy.allowSimulation !== true) {
    throw new Refusal('SIMULATION_NOT_ALLOWED', 'report: a simulation, no hardware protects this worker');
  }
  return { reportData: quote, debug: false, measurements: {}, advisoryIds: [] };
}

async function dcap(evidence: Evidence, policy: Policy): Promise<Platform> {
  if (policy.dcap === undefined)
    throw new Refusal('COLLATERAL_MISSING', 'policy: says nothing about SGX and TDX');
  const allowDebug = policy.allowDebug === true;
  const { quote, tcb } = await verifyQuote(evidence.quote, policy.dcap, allowDebug, policy.now);
  if (quote.kind !== evidence.kind)
    throw new Refusal('MALFORMED', `evidence: holds a quote of ${quote.kind}`);
  const accepted = (policy.measurements ?? []).some((measurement) => {
    if (measurement.kind === 'sgx' && quote.kind === 'sgx') {
      const { mrEnclave, mrSigner } = quote.measurements;
      if ('mrEnclave' in measurement) return fits(mrEnclave, measurement.mrEnclave);
      const { productId, minimumVersion } = measurement;
      return (
        fits(mrSigner, measurement.mrSigner) && quote.productId === productId && quote.svn! >= minimumVersion
      );
    }
    return measurement.kind === 'tdx' && quote.kind === 'tdx' && fitsTdx(quote.measurements, measurement);
  });
  if (!accepted) throw notAccepted();
  const { reportData, debug, measurements } = quote;
  return { reportData, debug, measurements, tcb: tcb.status, advisoryIds: tcb.advisoryIds };
}

function fitsTdx(
  { mrTd, rtMr0, rtMr1, rtMr2, rtMr3 }: Readonly<Record<string, Uint8Array>>,
  accepted: Measurement & { kind: 'tdx' },
): boolean {
  const found = [rtMr0, rtMr1, rtMr2, rtMr3];
  const rtMrFit = (accepted.rtMr ?? []).every(
    (value, index) => value === undefined || fits(found[index], value),
  );
  return fits(mrTd, accepted.mrTd) && rtMrFit;
}

async function sevSnp(evidence: Evidence, policy: Policy): Promise<Platform> {
  if (policy.sevSnp === undefined)
    throw new Refusal('COLLATERAL_MISSING', 'policy: says nothing about SEV-SNP');
  const { quote, auxblob } = evidence;
  const { report, tcb } = await verifySevSnpReport(
    quote,
    auxblob,
    policy.sevSnp,
    policy.allowDebug === true,
    policy.now,
  );
  const { reportData, debug, measurement, hostData, idKeyDigest } = report;
  const accepted = (policy.measurements ?? []).some(
    (candidate) =>
      candidate.kind === 'sev-snp' &&
      fits(measurement, candidate.measurement) &&
      (candidate.hostData === undefined || fits(hostData, candidate.hostData)),
  );
  if (!accepted) throw notAccepted();
  const versions = Object.entries(tcb).map(([part, version]) => `${part} ${version}`);
  return {
    reportData,
    debug,
    measurements: { measurement, hostData, idKeyDigest },
    tcb: versions.join(', '),
    advisoryIds: [],
  };
}

function checkSignature({ signingKey, report, signature }: RegistrationParams): void {
  let signer: Uint8Array | undefined;
  try {
    signer = recoverAddress(report, signature);
  } catch {
    // A signature that nothing could have made is not by the signing key.
  }
  if (signer === undefined || signingKey.length !== 20 || !equalBytes(signer, signingKey)) {
    throw new Refusal('NOT_BY_SIGNING_KEY', 'evidence: not signed by the signing key');
  }
}

function checkClaims(claims: AttestedClaims, accepted: AcceptedClaims = {}): void {
  const { protocolVersions, codeMeasurements, sealingModes } = accepted;
  const refuse = (what: string): never => {
    throw new Refusal('CLAIM_NOT_ACCEPTED', `claims: ${what} is not accepted`);
  };
  if (protocolVersions?.includes(claims.protocolVersion) === false) refuse('the protocol version');
  if (sealingModes?.includes(claims.sealingMode) === false) refuse('the sealing mode');
  if (codeMeasurements?.some((code) => equalBytes(code, claims.codeMeasurement)) === false) {
    refuse(`code measurement ${toHex(claims.codeMeasurement)}`);
  }
}

function fits(found: Uint8Array | undefined, accepted: Uint8Array): boolean {
  return found !== undefined && equalBytes(found, accepted);
}

function notAccepted(): Refusal {
  return new Refusal('MEASUREMENT_NOT_ACCEPTED', 'report: of code that the policy does not accept');
}
