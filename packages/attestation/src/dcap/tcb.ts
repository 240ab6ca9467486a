import type { DcapCollateral, DcapPolicy, TcbStatus } from '../policy.js';
import { Refusal } from '../refusal.js';
import type { Platform } from './pck.js';

/** How current the firmware and microcode of a platform is. */
export interface TcbVerdict {
  readonly status: TcbStatus;
  readonly advisoryIds: readonly string[];
  /** Since when the platform or its quoting enclave is out of date; absent when neither is. */
  readonly outOfDateSince?: Date;
}

/** What the levels of TCB info and QE identity have in common. */
interface Level {
  readonly tcbDate: string;
  readonly tcbStatus: string;
  readonly advisoryIDs?: readonly string[];
}

interface PlatformLevel extends Level {
  readonly tcb: {
    readonly pcesvn: number;
    readonly sgxtcbcomponents: readonly { readonly svn: number }[];
    readonly tdxtcbcomponents?: readonly { readonly svn: number }[];
  };
}

interface EnclaveLevel extends Level {
  readonly tcb: { readonly isvsvn: number };
}

/** From good to bad, as Intel merges them. */
const SEVERITY: readonly string[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
] satisfies TcbStatus[];

const DAY = 24 * 60 * 60 * 1000;

/**
 * The TCB status of a platform and its quoting enclave: the first level of each that is not above what
 * they have, the worse status of both (Intel's rule).
 * @param tdxSvn components of the TDX module, for TDX quotes
 * @throws Refusal `TCB_NOT_ACCEPTED` when it is revoked or matches no level; `COLLATERAL_INVALID`
 */
export function matchTcb(
  collateral: DcapCollateral,
  platform: Platform,
  quotingEnclaveSvn: number,
  tdxSvn: Uint8Array | undefined,
): TcbVerdict {
  const platformLevels = levelsOf<PlatformLevel>('TCB info', collateral.tcb_info);
  const enclaveLevels = levelsOf<EnclaveLevel>('QE identity', collateral.qe_identity);
  const matched = [
    match(platformLevels, ({ tcb }) => {
      const sgx = tcb.sgxtcbcomponents.every(({ svn }, i) => (platform.cpuSvn[i] ?? -1) >= svn);
      const tdx =
        tdxSvn === undefined || (tcb.tdxtcbcomponents ?? []).every(({ svn }, i) => (tdxSvn[i] ?? -1) >= svn);
      return sgx && tdx && platform.pceSvn >= tcb.pcesvn;
    }),
    match(enclaveLevels, ({ tcb }) => quotingEnclaveSvn >= tcb.isvsvn),
  ];
  const status = matched
    .map((level) => level.status)
    .reduce((worst, next) => (severity(next) > severity(worst) ? next : worst));
  const dates = matched.flatMap(({ outOfDateSince }) => outOfDateSince ?? []).map(Number);
  return {
    status,
    advisoryIds: [...new Set(matched.flatMap((level) => level.advisoryIds))],
    ...(dates.length === 0 ? {} : { outOfDateSince: new Date(Math.min(...dates)) }),
  };
}

/** @throws Refusal `TCB_NOT_ACCEPTED` */
export function judgeTcb(verdict: TcbVerdict, policy: DcapPolicy, now: Date): void {
  const { acceptedTcb = ['UpToDate'], graceDays = 0 } = policy;
  if (acceptedTcb.includes(verdict.status)) return;
  const { outOfDateSince } = verdict;
  if (outOfDateSince !== undefined && now.getTime() < outOfDateSince.getTime() + graceDays * DAY) return;
  const since = outOfDateSince === undefined ? '' : ` since ${outOfDateSince.toISOString()}`;
  throw new Refusal('TCB_NOT_ACCEPTED', `platform: ${verdict.status}${since}`);
}

function match<L extends Level>(levels: readonly L[], reached: (level: L) => boolean): TcbVerdict {
  const index = levels.findIndex(reached);
  const level = levels[index];
  if (level === undefined)
    throw new Refusal('TCB_NOT_ACCEPTED', 'platform: below every TCB level that Intel knows');
  const status = level.tcbStatus;
  if (!isKnown(status)) throw new Refusal('TCB_NOT_ACCEPTED', `platform: ${status}`);
  const advisoryIds = level.advisoryIDs ?? [];
  if (!isOutOfDate(status)) return { status, advisoryIds };
  const better = levels.slice(0, index).filter(({ tcbStatus }) => !isOutOfDate(tcbStatus));
  const dates = better.map(({ tcbDate }) => Date.parse(tcbDate));
  // Without a better level nobody can say since when: taken as for ever.
  return { status, advisoryIds, outOfDateSince: new Date(dates.length === 0 ? 0 : Math.min(...dates)) };
}

function levelsOf<L extends Level>(name: string, json: string): readonly L[] {
  const { tcbLevels } = JSON.parse(json) as { tcbLevels?: unknown };
  if (!Array.isArray(tcbLevels)) throw new Refusal('COLLATERAL_INVALID', `${name}: has no TCB levels`);
  // Signed by Intel and verified before: its fields are what Intel documents.
  return tcbLevels as L[];
}

function isOutOfDate(status: string): boolean {
  return status.startsWith('OutOfDate');
}

function isKnown(status: string): status is TcbStatus {
  return SEVERITY.includes(status);
}

function severity(status: TcbStatus): number {
  return SEVERITY.indexOf(status);
}
