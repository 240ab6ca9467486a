import type { EvidenceKind } from '@enigma-worker/attestation/attester';
import { equalBytes } from '@enigma-worker/crypto';
import { AttestationError } from './provider.js';
import type { PlatformQuote } from './quoter.js';

/** Where a quote of version 5 has its body: 6 bytes later, after its type and size. */
const VERSION_5 = 5;

/**
 * Checks that a quote holds the report data that it was asked for. Another process, or a request of
 * our own under way, may have come between; a verifier would refuse such a quote.
 * @throws AttestationError `INVALID_QUOTE`
 */
export function checkReportData(quote: PlatformQuote, reportData: Uint8Array): void {
  const offset = offsetOf(quote.kind, quote.quote[0]);
  const found = quote.quote.subarray(offset, offset + reportData.length);
  if (!equalBytes(found, reportData)) {
    throw new AttestationError(
      'INVALID_QUOTE',
      `attestation: the ${quote.kind} quote is not over the report data that was given`,
    );
  }
}

function offsetOf(kind: EvidenceKind, version: number | undefined): number {
  switch (kind) {
    case 'sgx':
      return 48 + 320;
    case 'tdx':
      return 48 + 520 + (version === VERSION_5 ? 6 : 0);
    case 'sev-snp':
      return 80;
    case 'simulation':
      return 0;
  }
}
