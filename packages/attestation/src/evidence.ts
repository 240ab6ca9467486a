import { fromHex, fromUtf8, toHex, utf8 } from '@enigma-worker/crypto';
import type { AttestedClaims } from './report-data.js';

/** What produced a report. */
export type EvidenceKind = 'sgx' | 'tdx' | 'sev-snp' | 'simulation';

/** The content of the `report` field of GetRegistrationParams. */
export interface Evidence {
  readonly kind: EvidenceKind;
  /** The platform's own bytes: DCAP quote or SEV-SNP report; for a simulation the bare report data. */
  readonly quote: Uint8Array;
  /** What the platform adds: for SEV-SNP its certificate table. */
  readonly auxblob?: Uint8Array;
  readonly claims: AttestedClaims;
}

/** Evidence longer than this is refused unread. */
export const LONGEST_EVIDENCE = 1 << 20;

const FORMAT = 'enigma-attestation/1';
const SIMULATION_WARNING =
  'SIMULATION: no hardware protects this worker; its owner can read every secret it holds';
const KINDS: ReadonlySet<string> = new Set<EvidenceKind>(['sgx', 'tdx', 'sev-snp', 'simulation']);

/** Evidence that cannot be read. The message names the field. */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
  readonly code = 'EVIDENCE_MALFORMED';
}

/**
 * Evidence as UTF-8 JSON: `{format, kind, quote, auxblob?, claims: {protocolVersion, codeMeasurement,
 * sealingMode}}`, bytes as hex. A simulation has `warning` and `reportData` in the place of `quote`.
 */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  const { kind, quote, auxblob, claims } = evidence;
  const body =
    kind === 'simulation'
      ? { warning: SIMULATION_WARNING, reportData: toHex(quote) }
      : { quote: toHex(quote), ...(auxblob === undefined ? {} : { auxblob: toHex(auxblob) }) };
  return utf8(
    JSON.stringify({
      format: FORMAT,
      kind,
      ...body,
      claims: { ...claims, codeMeasurement: toHex(claims.codeMeasurement) },
    }),
  );
}

/**
 * Reads what {@link encodeEvidence} wrote; unknown fields are ignored.
 * @throws EvidenceError for anything else
 */
export function parseEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > LONGEST_EVIDENCE)
    throw new EvidenceError(`evidence: longer than ${LONGEST_EVIDENCE} bytes`);
  const fields = objectOf('evidence', jsonOf(bytes));
  if (fields['format'] !== FORMAT) throw new EvidenceError(`evidence.format: expected ${FORMAT}`);
  const kind = textOf('evidence.kind', fields['kind']);
  if (!isKind(kind)) throw new EvidenceError(`evidence.kind: expected one of ${[...KINDS].join(', ')}`);
  const claims = objectOf('evidence.claims', fields['claims']);
  const quoteField = kind === 'simulation' ? 'reportData' : 'quote';
  return {
    kind,
    quote: bytesOf(`evidence.${quoteField}`, fields[quoteField]),
    ...(fields['auxblob'] === undefined ? {} : { auxblob: bytesOf('evidence.auxblob', fields['auxblob']) }),
    claims: {
      protocolVersion: textOf('evidence.claims.protocolVersion', claims['protocolVersion']),
      codeMeasurement: bytesOf('evidence.claims.codeMeasurement', claims['codeMeasurement']),
      sealingMode: textOf('evidence.claims.sealingMode', claims['sealingMode']),
    },
  };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch {
    throw new EvidenceError('evidence: not JSON');
  }
}

function isKind(text: string): text is EvidenceKind {
  return KINDS.has(text);
}

function objectOf(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EvidenceError(`${name}: expected an object`);
  }
  return value as Record<string, unknown>;
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new EvidenceError(`${name}: expected a text`);
  return value;
}

function bytesOf(name: string, value: unknown): Uint8Array {
  try {
    return fromHex(textOf(name, value));
  } catch {
    throw new EvidenceError(`${name}: expected hex`);
  }
}
