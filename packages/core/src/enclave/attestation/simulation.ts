import { attestBy } from './attest.js';
import type { AttestationProvider } from './provider.js';
import { simulationQuoter } from './quoter.js';

/**
 * Makes reports without any hardware: JSON that says so, signed by the signing key and by nothing
 * else. `verifyReport` refuses it unless its policy allows simulation.
 */
export function simulationProvider(codeMeasurement: Uint8Array): AttestationProvider {
  return attestBy(simulationQuoter, { measureCode: () => Promise.resolve(codeMeasurement) });
}
