import type { SevSnpTcb } from '../policy.js';
import { Refusal } from '../refusal.js';
import type { SigningKeyKind } from './endorsement-key.js';

/** What an SEV-SNP attestation report says, before anything of it is verified. */
export interface SevSnpReport {
  readonly version: number;
  readonly guestSvn: number;
  readonly debug: boolean;
  readonly migrationAgent: boolean;
  readonly vmpl: number;
  readonly reportData: Uint8Array;
  readonly measurement: Uint8Array;
  readonly hostData: Uint8Array;
  readonly idKeyDigest: Uint8Array;
  /** All zeros when the host masks it. */
  readonly chipId: Uint8Array;
  /** The firmware version that the signing key belongs to, as it stands in the report. */
  readonly reportedTcb: Uint8Array;
  /** Which kind of key signed; nothing when none did, or one of a kind that is not known. */
  readonly signingKey: SigningKeyKind | undefined;
  /** The part that is signed. */
  readonly signed: Uint8Array;
  /** r and s, each 48 bytes big-endian. */
  readonly signature: { readonly r: Uint8Array; readonly s: Uint8Array };
}

/** Length of a report (AMD document 56860, table "ATTESTATION_REPORT"). */
const REPORT_LENGTH = 1184;

const SIGNED_LENGTH = 672;
const ECDSA_P384_SHA384 = 1;
/** Versions whose layout is known: 2 (first), 3 (CPU id), 4 and 5 (mitigations). */
const VERSIONS: readonly number[] = [2, 3, 4, 5];
/** By their number in the key info field; 7 is none. */
const SIGNING_KEYS: readonly (SigningKeyKind | undefined)[] = ['VCEK', 'VLEK'];
const POLICY_MIGRATION_AGENT = 1 << 18;
const POLICY_DEBUG = 1 << 19;
const NUMBER_LENGTH = 48;
const NUMBER_FIELD = 72;

/** @throws Refusal `MALFORMED`, `UNSUPPORTED` */
export function parseReport(bytes: Uint8Array): SevSnpReport {
  if (bytes.length !== REPORT_LENGTH) {
    throw new Refusal('MALFORMED', `SEV-SNP report: expected ${REPORT_LENGTH} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint32(0, true);
  if (!VERSIONS.includes(version)) throw new Refusal('UNSUPPORTED', `SEV-SNP report: version ${version}`);
  const algorithm = view.getUint32(52, true);
  if (algorithm !== ECDSA_P384_SHA384)
    throw new Refusal('UNSUPPORTED', `SEV-SNP report: signature algorithm ${algorithm}`);
  const policy = view.getUint32(8, true);
  return {
    version,
    guestSvn: view.getUint32(4, true),
    debug: (policy & POLICY_DEBUG) !== 0,
    migrationAgent: (policy & POLICY_MIGRATION_AGENT) !== 0,
    vmpl: view.getUint32(48, true),
    reportData: bytes.slice(80, 144),
    measurement: bytes.slice(144, 192),
    hostData: bytes.slice(192, 224),
    idKeyDigest: bytes.slice(224, 272),
    chipId: bytes.slice(416, 480),
    reportedTcb: bytes.slice(384, 392),
    signingKey: SIGNING_KEYS[(view.getUint32(72, true) >> 2) & 7],
    signed: bytes.slice(0, SIGNED_LENGTH),
    signature: { r: numberAt(bytes, SIGNED_LENGTH), s: numberAt(bytes, SIGNED_LENGTH + NUMBER_FIELD) },
  };
}

/**
 * The security versions in a report: Turin and later have another order than Milan and Genoa.
 * @param reported 8 bytes
 */
export function tcbOf(reported: Uint8Array, hasFmc: boolean): SevSnpTcb {
  const at = (index: number): number => reported[index] ?? 0;
  return hasFmc
    ? { fmc: at(0), bootLoader: at(1), tee: at(2), snp: at(3), microcode: at(7) }
    : { fmc: 0, bootLoader: at(0), tee: at(1), snp: at(6), microcode: at(7) };
}

/** The report has its numbers little-endian in 72 bytes; P-384 fills 48 of them. */
function numberAt(bytes: Uint8Array, offset: number): Uint8Array {
  const field = bytes.slice(offset, offset + NUMBER_FIELD);
  if (field.subarray(NUMBER_LENGTH).some((byte) => byte !== 0)) {
    throw new Refusal('MALFORMED', 'SEV-SNP report: a signature out of range');
  }
  return field.slice(0, NUMBER_LENGTH).reverse();
}
