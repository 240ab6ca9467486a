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
  try {
    return normaliseCollateral(await getCollateral(service, quote));
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error });
  }
}

/** What `fetch` says by itself is that it failed; why, its cause says. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(cause instanceof Error)) return message;
  return `${message}: ${cause.message === '' && 'code' in cause ? String(cause.code) : cause.message}`;
}
