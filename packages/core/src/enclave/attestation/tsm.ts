import { join } from 'node:path';
import type { EvidenceKind } from '@enigma-worker/attestation/attester';
import { randomBytes, toHex } from '@enigma-worker/crypto';
import { attestationError, within } from './kernel-errors.js';
import { type KernelFiles, systemFiles } from './kernel-files.js';
import { AttestationError } from './provider.js';
import type { PlatformQuote, Quoter } from './quoter.js';
import { checkReportData } from './report-data-offset.js';

/** How to reach configfs-tsm. */
export interface TsmOptions {
  /** Default `/sys/kernel/config/tsm/report`. */
  readonly root?: string;
  /** For how long one report may take, in milliseconds. Default 60,000: a TDX quote waits for its host. */
  readonly timeout?: number;
  readonly files?: KernelFiles;
}

export const TSM_ROOT = '/sys/kernel/config/tsm/report';

/** The kernel's own limits are 32 KiB for a report; AMD's certificate tables have a few pages. */
const LONGEST_REPORT = 1 << 15;
const LONGEST_AUXBLOB = 1 << 16;

/** Names of the kernel's providers. */
const KINDS: Readonly<Record<string, EvidenceKind>> = { tdx_guest: 'tdx', sev_guest: 'sev-snp' };

/**
 * TDX quotes and SEV-SNP reports through Linux configfs-tsm: a folder of our own for each request, one
 * write of `inblob`, then `outblob`; `generation` tells whether the write was taken (the kernel drops
 * errors of that write) and whether somebody else wrote in between.
 * Source: Linux Documentation/ABI/testing/configfs-tsm-report.
 */
export function tsmQuoter(options: TsmOptions = {}): Quoter {
  const { root = TSM_ROOT, timeout = 60_000, files = systemFiles } = options;
  return {
    kind: 'tsm',
    async quote(reportData) {
      const quote = await within(timeout, 'wait for a report of the kernel', ask(root, files, reportData));
      checkReportData(quote, reportData);
      return quote;
    },
  };
}

async function ask(root: string, files: KernelFiles, reportData: Uint8Array): Promise<PlatformQuote> {
  const folder = join(root, `enigma-${toHex(randomBytes(8))}`);
  await attempt(`make ${folder}; does the kernel have configfs-tsm?`, files.makeFolder(folder));
  try {
    return await report(folder, files, reportData);
  } finally {
    // A folder that stays costs a little kernel memory; it must not hide what went wrong before.
    await files.removeFolder(folder).catch(() => undefined);
  }
}

async function report(folder: string, files: KernelFiles, reportData: Uint8Array): Promise<PlatformQuote> {
  const read = async (name: string, limit: number): Promise<Uint8Array> =>
    await attempt(`read ${name}`, files.read(join(folder, name), limit));
  const provider = textOf(await read('provider', 64));
  const kind = KINDS[provider];
  if (kind === undefined) {
    throw new AttestationError(
      'PROVIDER_MISSING',
      `attestation: the kernel's provider is ${provider}, expected TDX or SEV-SNP`,
    );
  }
  const before = generationOf(await read('generation', 64));
  await attempt('write inblob', files.write(join(folder, 'inblob'), reportData));
  const quote = await read('outblob', LONGEST_REPORT);
  const auxblob = kind === 'sev-snp' ? await readAuxblob(folder, files) : new Uint8Array();
  const after = generationOf(await read('generation', 64));
  if (after !== before + 1) {
    throw new AttestationError(
      'GENERATION_RACE',
      `attestation: generation ${after} after one write, expected ${before + 1}`,
    );
  }
  return { kind, quote, ...(auxblob.length === 0 ? {} : { auxblob }) };
}

/** Hosts need not give certificates: then the file is empty or not there. */
async function readAuxblob(folder: string, files: KernelFiles): Promise<Uint8Array> {
  try {
    return await files.read(join(folder, 'auxblob'), LONGEST_AUXBLOB);
  } catch (error) {
    const known = attestationError('read auxblob', error);
    if (known.code === 'PROVIDER_MISSING') return new Uint8Array();
    throw known;
  }
}

async function attempt<T>(action: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw attestationError(action, error);
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim();
}

function generationOf(bytes: Uint8Array): number {
  const text = textOf(bytes);
  if (!/^\d{1,10}$/.test(text)) throw new AttestationError('IO', 'attestation: generation is no number');
  return Number(text);
}
