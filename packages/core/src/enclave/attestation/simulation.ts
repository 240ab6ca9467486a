import { encodeEvidence, encodeReportData } from '@enigma-worker/attestation';
import type { AttestationProvider } from './provider.js';
import { claimsOf } from './claims.js';

/**
 * Makes reports without any hardware: JSON that says so, signed by the signing key and by nothing
 * else. `verifyReport` refuses it unless its policy allows simulation.
 */
export function simulationProvider(codeMeasurement: Uint8Array): AttestationProvider {
  return {
    kind: 'simulation',
    report: (identity) => {
      const claims = claimsOf(identity, codeMeasurement);
      const quote = encodeReportData(identity.signingAddress, claims);
      const report = encodeEvidence({ kind: 'simulation', quote, claims });
      return Promise.resolve({ report, signature: identity.sign(report) });
    },
  };
}
