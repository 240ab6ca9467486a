import type { DcapCollateral } from '../policy.js';
import { normaliseCollateral } from './collateral.js';

/** Intel's own service; a PCCS of one's cloud answers faster. */
export const INTEL_PCS = 'https://api.trustedservices.intel.com';

/**
 * Fetches the collateral for a quote from a PCCS or Intel's PCS. What it returns is not trusted:
 * `verifyReport` checks all of it against the root.
 * @param quote the DCAP quote of the evidence
 * @throws Error when the service does not answer or the quote cannot be read
 */
export async function fetchDcapCollateral(
  quote: Uint8Array,
  service: string = INTEL_PCS,
): Promise<DcapCollateral> {
  const { getCollateral } = await import('@phala/dcap-qvl');
  return normaliseCollateral(await getCollateral(service, quote));
}
