import {
  encodeEvidence,
  encodeReportData,
  type EvidenceKind,
  PROTOCOL_VERSION,
  type RegistrationParams,
} from '@enigma-worker/attestation';
import { addressOf, generateKeyPair, randomBytes, sign } from '@enigma-worker/crypto';

const { privateKey, publicKey } = generateKeyPair();

/** The worker whose registration the tests verify. */
export const signingKey = addressOf(publicKey);
export const claims = {
  protocolVersion: PROTOCOL_VERSION,
  codeMeasurement: randomBytes(32),
  sealingMode: 'gramine-mrenclave',
};
export const reportData = encodeReportData(signingKey, claims);

/** The registration of the worker with this evidence, signed. */
export function registration(
  kind: EvidenceKind,
  quote: Uint8Array,
  auxblob?: Uint8Array,
): RegistrationParams {
  const report = encodeEvidence({ kind, quote, claims, ...(auxblob === undefined ? {} : { auxblob }) });
  return { signingKey, report, signature: sign(report, privateKey) };
}

/** Any bytes as a report, signed by the worker. */
export function registrationOf(report: Uint8Array): RegistrationParams {
  return { signingKey, report, signature: sign(report, privateKey) };
}
