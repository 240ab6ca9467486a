import { join } from 'node:path';
import { attestationError, within } from './kernel-errors.js';
import { type KernelFiles, systemFiles } from './kernel-files.js';
import { AttestationError } from './provider.js';
import type { PlatformQuote, Quoter } from './quoter.js';
import { checkReportData } from './report-data-offset.js';

/** How to reach Gramine. */
export interface GramineOptions {
  /** Default `/dev/attestation`. */
  readonly root?: string;
  /** For how long one quote may take, in milliseconds. Default 30,000. */
  readonly timeout?: number;
  readonly files?: KernelFiles;
}

export const GRAMINE_ROOT = '/dev/attestation';

/** Gramine's own limit. */
const LONGEST_QUOTE = 8192;

/** SGX DCAP quotes through Gramine: write `user_report_data`, read `quote`. */
export function gramineQuoter(options: GramineOptions = {}): Quoter {
  const { root = GRAMINE_ROOT, timeout = 30_000, files = systemFiles } = options;
  // The report data is one for the whole enclave: requests must not mix.
  let last: Promise<unknown> = Promise.resolve();

  const ask = async (reportData: Uint8Array): Promise<PlatformQuote> => {
    await checkType(root, files);
    try {
      await files.write(join(root, 'user_report_data'), reportData);
      const quote = await files.read(join(root, 'quote'), LONGEST_QUOTE);
      return { kind: 'sgx', quote };
    } catch (error) {
      throw attestationError('get a quote from Gramine', error);
    }
  };

  return {
    kind: 'gramine',
    async quote(reportData) {
      const turn = last.then(() => ask(reportData));
      last = turn.catch(() => undefined);
      const quote = await within(timeout, 'wait for a quote from Gramine', turn);
      checkReportData(quote, reportData);
      return quote;
    },
  };
}

async function checkType(root: string, files: KernelFiles): Promise<void> {
  let type: string;
  try {
    type = new TextDecoder().decode(await files.read(join(root, 'attestation_type'), 64)).trim();
  } catch (error) {
    throw attestationError(`read ${join(root, 'attestation_type')}; is this Gramine?`, error);
  }
  if (type !== 'dcap') {
    const hint = 'set sgx.remote_attestation = "dcap" in the manifest';
    throw new AttestationError(
      'PROVIDER_MISSING',
      `attestation: Gramine offers ${type}, expected dcap; ${hint}`,
    );
  }
}
