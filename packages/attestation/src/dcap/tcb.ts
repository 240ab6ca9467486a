import type { DcapCollateral, DcapPolicy, TcbStatus } from '../policy.js';
import { Refusal } from '../refusal.js';
import type { Platform } from './pck.js';
import type { EnclaveLevel, Level, PlatformLevel } from './tcb-levels.js';
import { hasOwnLevels, type ModulesOfTcbInfo, moduleLevelsOf, type TdxModule } from './tdx-module.js';

/** How current the firmware and microcode of a platform is. */
export interface TcbVerdict {
  readonly status: TcbStatus;
  readonly advisoryIds: readonly string[];
  /** Since when the platform, its quoting enclave or its TDX module is out of date; absent when none is. */
  readonly outOfDateSince?: Date;
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
 * The TCB status of a platform, its quoting enclave and its TDX module: the first level of each that is not above
 * what they have, merged as Intel does: the worst of all, and what is out of date may need configuration too.
 * @param tdxModule for TDX quotes
 * @throws Refusal `TCB_NOT_ACCEPTED` when it is revoked or matches no level; `COLLATERAL_INVALID`,
 * `QUOTE_NOT_GENUINE` for a TDX module that is not Intel's
 */
export function matchTcb(
  collateral: DcapCollateral,
  platform: Platform,
  quotingEnclaveSvn: number,
  tdxModule: TdxModule | undefined,
): TcbVerdict {
  const tcbInfo = readLevels<PlatformLevel>('TCB info', collateral.tcb_info);
  const enclave = readLevels<EnclaveLevel>('QE identity', collateral.qe_identity);
  const moduleLevels = tdxModule && moduleLevelsOf(tcbInfo, tdxModule);
  const matched = [
    match(tcbInfo.tcbLevels, ({ tcb }) => {
      const sgx = tcb.sgxtcbcomponents.every(({ svn }, i) => (platform.cpuSvn[i] ?? -1) >= svn);
      return sgx && reachesTdx(tdxModule, tcb) && platform.pceSvn >= tcb.pcesvn;
    }),
    match(enclave.tcbLevels, ({ tcb }) => quotingEnclaveSvn >= tcb.isvsvn),
    ...(tdxModule && moduleLevels ? [match(moduleLevels, ({ tcb }) => tdxModule.svn[0]! >= tcb.isvsvn)] : []),
  ];
  const dates = matched.flatMap(({ outOfDateSince }) => outOfDateSince ?? []).map(Number);
  return {
    status: merged(matched.map(({ status }) => status)),
    advisoryIds: [...new Set(matched.flatMap((level) => level.advisoryIds))],
    ...(dates.length === 0 ? {} : { outOfDateSince: new Date(Math.min(...dates)) }),
  };
}

/** The first two components are the module's, and count only where it has no levels of its own. */
function reachesTdx(module: TdxModule | undefined, { tdxtcbcomponents = [] }: PlatformLevel['tcb']): boolean {
  if (module === undefined) return true;
  const first = hasOwnLevels(module) ? 2 : 0;
  return tdxtcbcomponents.every(({ svn }, i) => i < first || (module.svn[i] ?? -1) >= svn);
}

function merged(statuses: readonly TcbStatus[]): TcbStatus {
  const worst = statuses.reduce((worse, next) => (severity(next) > severity(worse) ? next : worse));
  return worst === 'OutOfDate' && statuses.some(needsConfiguration) ? 'OutOfDateConfigurationNeeded' : worst;
}

/** @throws Refusal `TCB_NOT_ACCEPTED` */
export function judgeTcb(verdict: TcbVerdict, policy: DcapPolicy, now: Date): void {
  const { acceptedTcb = ['UpToDate'], graceDays = 0 } = policy;
  if (acceptedTcb.includes(verdict.status)) return;
  const { status, outOfDateSince } = verdict;
  // The grace period forgives the date: what else is wrong must be accepted by its own name.
  const isElseAccepted = !needsConfiguration(status) || acceptedTcb.some(needsConfiguration);
  const isInGrace =
    outOfDateSince !== undefined && now.getTime() < outOfDateSince.getTime() + graceDays * DAY;
  if (isInGrace && isElseAccepted) return;
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

function readLevels<L extends Level>(
  name: string,
  json: string,
): ModulesOfTcbInfo & { readonly tcbLevels: readonly L[] } {
  const fields = JSON.parse(json) as ModulesOfTcbInfo & { tcbLevels?: unknown };
  if (!Array.isArray(fields.tcbLevels)) throw new Refusal('COLLATERAL_INVALID', `${name}: has no TCB levels`);
  // Signed by Intel and verified before: its fields are what Intel documents.
  return { ...fields, tcbLevels: fields.tcbLevels as L[] };
}

function isOutOfDate(status: string): boolean {
  return status.startsWith('OutOfDate');
}

function needsConfiguration(status: TcbStatus): boolean {
  return status.includes('Configuration');
}

function isKnown(status: string): status is TcbStatus {
  return SEVERITY.includes(status);
}

function severity(status: TcbStatus): number {
  return SEVERITY.indexOf(status);
}
