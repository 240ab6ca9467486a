import { concat, keccak256, lengthPrefixed, utf8 } from '@enigma-worker/crypto';

/** The version of the worker's protocol, as attested. */
export const PROTOCOL_VERSION = 'enigma-worker/1';

/** Length of the report data that every supported platform signs. */
export const REPORT_DATA_LENGTH = 64;

/** What a worker claims about itself, and a report binds to the platform's measurement. */
export interface AttestedClaims {
  /** The version of the protocol that the worker speaks, e.g. {@link PROTOCOL_VERSION}. */
  readonly protocolVersion: string;
  /** SHA-256 over the worker's code files, as the worker itself took it (32 bytes). */
  readonly codeMeasurement: Uint8Array;
  /** Where the worker's sealing key comes from. */
  readonly sealingMode: string;
}

/**
 * The 64 bytes that a platform signs: signing address(20) ‖ keccak256(lp(protocolVersion,
 * codeMeasurement, sealingMode))(32) ‖ zeros(12), texts as UTF-8, `lp` as in every signature.
 * Core writes this layout, the verifier recomputes it: this function is its one definition.
 * Source: docs/threat-model.md, "Report data".
 * @param signingAddress 20 bytes
 */
export function encodeReportData(signingAddress: Uint8Array, claims: AttestedClaims): Uint8Array {
  if (signingAddress.length !== 20) {
    throw new RangeError(`signing address: expected 20 bytes, got ${signingAddress.length}`);
  }
  const claimsHash = keccak256(
    lengthPrefixed(utf8(claims.protocolVersion), claims.codeMeasurement, utf8(claims.sealingMode)),
  );
  return concat(signingAddress, claimsHash, new Uint8Array(REPORT_DATA_LENGTH - 20 - 32));
}
