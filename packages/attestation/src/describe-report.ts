import { toHex } from '@enigma-worker/crypto';
import { parseQuote } from './dcap/quote.js';
import { type Evidence, EvidenceError, parseEvidence } from './evidence.js';
import { Refusal } from './refusal.js';
import { parseReport } from './sev-snp/report.js';
import type { RegistrationParams, Verdict } from './verify-report.js';

/** One line of a description: what, and its value as text. */
export type DescriptionLine = readonly [label: string, value: string];

/** Of a longer claim the beginning is shown. */
const LONGEST_CLAIM = 100;

const KIND_NAMES = {
  sgx: 'Intel SGX enclave',
  tdx: 'Intel TDX virtual machine',
  'sev-snp': 'AMD SEV-SNP virtual machine',
  simulation: 'SIMULATION: no hardware protects this worker',
} as const;

/**
 * What a registration says, for people, with nothing of it verified. Never throws: what cannot be read
 * is described as such.
 */
export async function describeReport({ signingKey, report }: RegistrationParams): Promise<DescriptionLine[]> {
  const lines: DescriptionLine[] = [['signing address', `0x${toHex(signingKey)}`]];
  try {
    const evidence = parseEvidence(report);
    const { protocolVersion, codeMeasurement, sealingMode } = evidence.claims;
    lines.push(['kind', KIND_NAMES[evidence.kind]], ...(await describePlatform(evidence)));
    lines.push(
      ['claims protocol', readable(protocolVersion)],
      ['claims code', toHex(codeMeasurement)],
      ['claims sealing', readable(sealingMode)],
    );
  } catch (error) {
    const reason =
      error instanceof Refusal || error instanceof EvidenceError ? error.message : 'cannot be read';
    lines.push(['unreadable', reason]);
  }
  return lines;
}

/** The outcome of a verification in one line, for people. */
export function describeVerdict(verdict: Verdict): string {
  if (!verdict.ok) return `refused: ${verdict.message} (${verdict.code})`;
  const { kind, debug, tcb, advisoryIds } = verdict.report;
  const remarks = [
    ...(tcb === undefined ? [] : [`platform ${tcb}`]),
    ...(advisoryIds.length === 0 ? [] : [`advisories ${advisoryIds.join(' ')}`]),
    ...(debug ? ['in DEBUG mode: its host can look inside'] : []),
  ];
  return [`accepted: ${KIND_NAMES[kind]}`, ...remarks].join('; ');
}

async function describePlatform({ kind, quote }: Evidence): Promise<DescriptionLine[]> {
  switch (kind) {
    case 'simulation':
      return [['report data', toHex(quote)]];
    case 'sev-snp': {
      const { version, debug, vmpl, measurement, hostData, chipId, reportData } = parseReport(quote);
      return [
        ['report version', String(version)],
        ['debug', yesOrNo(debug)],
        ['privilege level', String(vmpl)],
        ['measurement', toHex(measurement)],
        ['host data', toHex(hostData)],
        ['chip', toHex(chipId)],
        ['report data', toHex(reportData)],
      ];
    }
    case 'sgx':
    case 'tdx': {
      const { version, debug, measurements, productId, svn, reportData } = await parseQuote(quote);
      return [
        ['quote version', String(version)],
        ['debug', yesOrNo(debug)],
        ...Object.entries(measurements).map(([name, value]): DescriptionLine => [name, toHex(value)]),
        ...(productId === undefined ? [] : [['product', `${productId}, version ${svn ?? 0}`] as const]),
        ['report data', toHex(reportData)],
      ];
    }
  }
}

/** A stranger's text on one line: it could move the cursor of a terminal, or add lines that look like ours. */
function readable(text: string): string {
  const [...characters] = text.slice(0, LONGEST_CLAIM);
  const shown = characters.map((character) =>
    /[\p{C}\p{Z}]/u.test(character) && character !== ' '
      ? `\\u{${character.codePointAt(0)!.toString(16)}}`
      : character,
  );
  return shown.join('') + (text.length > LONGEST_CLAIM ? '…' : '');
}

function yesOrNo(value: boolean): string {
  return value ? 'YES: its host can look inside' : 'no';
}
