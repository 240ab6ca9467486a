import type { EvidenceKind } from '@enigma-worker/attestation/attester';
import type { AttestationKind } from './provider.js';

/** What a platform signs about the code that runs on it. */
export interface PlatformQuote {
  readonly kind: EvidenceKind;
  readonly quote: Uint8Array;
  /** What the platform adds for verifiers, e.g. certificates. */
  readonly auxblob?: Uint8Array;
}

/** Asks one kind of platform for a quote. */
export interface Quoter {
  readonly kind: AttestationKind;
  /**
   * A fresh quote over 64 bytes of report data.
   * @throws AttestationError
   */
  quote(reportData: Uint8Array): Promise<PlatformQuote>;
}

/** Signs nothing: the quote of a simulation is the report data itself, and says so. */
export const simulationQuoter: Quoter = {
  kind: 'simulation',
  quote: (reportData) => Promise.resolve({ kind: 'simulation', quote: reportData }),
};
