import {
  type AttestedClaims,
  encodeEvidence,
  encodeReportData,
  PROTOCOL_VERSION,
} from '@enigma-worker/attestation/attester';
import { equalBytes } from '@enigma-worker/crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from './kernel-errors.js';
import {
  AttestationError,
  type AttestationErrorCode,
  type AttestationProvider,
  type AttestationReport,
  type AttestedIdentity,
} from './provider.js';
import type { Quoter } from './quoter.js';

/** How reports are made, kept and renewed. */
export interface AttestOptions {
  /** SHA-256 over the worker's code (32 bytes); asked for until it is known. */
  readonly measureCode: () => Promise<Uint8Array>;
  /** Repetitions after a failure that may pass. Default 3. */
  readonly retries?: number;
  /** First pause between attempts in milliseconds; each is twice the one before. Default 200. */
  readonly firstPause?: number;
  /** After how many milliseconds a report is made anew. Default one hour. */
  readonly refreshAfter?: number;
  /** How long a due report waits to be made anew before the old one is handed out, in milliseconds. Default 5,000. */
  readonly patience?: number;
  /** Milliseconds since whenever, never less than before; for tests. */
  readonly now?: () => number;
}

/** What passes when one waits; permissions and missing hardware do not. */
const PASSING: ReadonlySet<AttestationErrorCode> = new Set([
  'BUSY',
  'GENERATION_RACE',
  'TIMEOUT',
  'INVALID_QUOTE',
  'IO',
]);

const HOUR = 60 * 60 * 1000;

interface CachedReport {
  readonly identity: Pick<AttestedIdentity, 'signingAddress' | 'sealingMode'>;
  readonly made: number;
  readonly report: AttestationReport;
}

/**
 * Makes reports by a platform's quotes: claims, report data, quote, evidence, signature. A report is
 * kept for its identity until it is due to be renewed; while the platform fails to renew it, or does not
 * answer, the old one is handed out, since verifiers judge its age by the collateral and not by ours.
 */
export function attestBy(quoter: Quoter, options: AttestOptions): AttestationProvider {
  const { refreshAfter = HOUR, patience = 5_000, now = () => performance.now() } = options;
  let code: Uint8Array | undefined;
  let cached: CachedReport | undefined;
  /** One at a time: a platform that does not answer is not asked again and again. */
  let renewal: Promise<AttestationReport> | undefined;

  const make = async (identity: AttestedIdentity): Promise<AttestationReport> => {
    code ??= await options.measureCode();
    const { sealingMode, signingAddress } = identity;
    const claims: AttestedClaims = { protocolVersion: PROTOCOL_VERSION, codeMeasurement: code, sealingMode };
    const quote = await quoteWithRetries(quoter, encodeReportData(signingAddress, claims), options);
    const report = encodeEvidence({ ...quote, claims });
    return { report, signature: identity.sign(report) };
  };

  const makeAndKeep = async (identity: AttestedIdentity): Promise<AttestationReport> => {
    const { signingAddress, sealingMode } = identity;
    const report = await make(identity);
    cached = { identity: { signingAddress, sealingMode }, made: now(), report };
    return report;
  };

  return {
    kind: quoter.kind,
    async report(identity) {
      const known = cached !== undefined && isSame(cached.identity, identity) ? cached : undefined;
      if (known !== undefined && now() - known.made < refreshAfter) return known.report;
      if (known === undefined) return await makeAndKeep(identity);
      try {
        renewal ??= makeAndKeep(identity).finally(() => {
          renewal = undefined;
        });
        await within(patience, 'renew the report', renewal);
        // That of another identity, where one asked meanwhile.
        return isSame(cached!.identity, identity) ? cached!.report : await makeAndKeep(identity);
      } catch (error) {
        if (!(error instanceof AttestationError)) throw error;
        return known.report;
      }
    },
  };
}

async function quoteWithRetries(
  quoter: Quoter,
  reportData: Uint8Array,
  { retries = 3, firstPause = 200 }: AttestOptions,
): ReturnType<Quoter['quote']> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await quoter.quote(reportData);
    } catch (error) {
      if (!(error instanceof AttestationError) || !PASSING.has(error.code) || attempt >= retries) throw error;
    }
    await pause(firstPause * 2 ** attempt);
  }
}

function isSame(a: CachedReport['identity'], b: CachedReport['identity']): boolean {
  return a.sealingMode === b.sealingMode && equalBytes(a.signingAddress, b.signingAddress);
}
