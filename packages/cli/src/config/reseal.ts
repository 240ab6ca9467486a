import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Sealer } from '@enigma-worker/core/tools';
import { z } from 'zod';
import { SEALING_FILES, openExistingSealer, sealingFile } from './existing-sealer.js';
import { sealingFrom, sealingSettings, type SealingValues } from './sealing.js';
import { UsageError } from '../errors.js';

/** Settings of a move: the sealing key of now, as the server itself is told it, and the new one. */
export const resealSettings = {
  dataDir: { value: 'dir', description: 'data folder of the stopped server', schema: z.string() },
  ...sealingSettings,
  toSealing: {
    value: 'mode',
    description: 'where the new sealing key comes from: as --sealing',
    schema: z.enum(sealingSettings.sealing.schema.unwrap().options),
  },
  toSealingKeyFile: {
    value: 'file',
    description: 'with --to-sealing key-file: 32 bytes as 64 hex digits, readable by the owner alone',
    schema: z.string().optional(),
  },
  toPassphraseFile: {
    value: 'file',
    description: 'with --to-sealing passphrase: its first line is the passphrase',
    schema: z.string().optional(),
  },
} as const;

interface TargetValues {
  readonly toSealing: SealingValues['sealing'];
  readonly toSealingKeyFile?: string | undefined;
  readonly toPassphraseFile?: string | undefined;
}

/** Where files of the new key wait until everything is sealed under it. */
const STAGING = 'sealing.new';

/**
 * Moves secrets from one sealing key to another. A new key file or salt is put in the place of an old one of
 * the same name only once the secrets have moved; what is cut short is finished by running it again.
 * @throws SealingError, CommandError, UsageError; whatever `move` throws
 */
export async function resealing<T>(
  from: SealingValues,
  target: TargetValues,
  move: (from: Sealer, to: Sealer) => Promise<T>,
): Promise<T> {
  const { toSealing: sealing, toSealingKeyFile: sealingKeyFile, toPassphraseFile: passphraseFile } = target;
  if (sealing === 'passphrase' && passphraseFile === undefined)
    throw new UsageError('--to-sealing passphrase needs --to-passphrase-file');
  if (sealing === 'key-file' && sealingKeyFile === undefined)
    throw new UsageError('--to-sealing key-file needs --to-sealing-key-file');
  const staging = join(from.dataDir, STAGING);
  const to = { dataDir: staging, sealing, sealingKeyFile, passphraseFile };
  const { flushFolder, openSealer } = await import('@enigma-worker/core/tools');
  const oldSealer = await openExistingSealer(from);
  // Left by a run that was cut short: it may hold the one key that opens everything now.
  const isContinued = existsSync(staging);
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  let result: T;
  try {
    const newSealer = await openSealer(sealingFrom(to));
    // What opens everything from the commit on must be found after a power failure too.
    flushFolder(from.dataDir);
    result = await move(oldSealer, newSealer);
  } catch (error) {
    if (!isContinued) rmSync(staging, { recursive: true, force: true });
    throw error;
  }
  const file = sealingFile(to);
  if (file !== undefined && existsSync(file)) {
    renameSync(file, sealingFile({ ...to, dataDir: from.dataDir })!);
    flushFolder(from.dataDir);
  }
  rmSync(staging, { recursive: true, force: true });
  return result;
}

/** What an operator is to do now, for people. */
export function adviceAfter({ dataDir, sealing }: SealingValues, { toSealing }: TargetValues): string {
  const restart = `start with --sealing ${toSealing} from now on; backups made before open only with the old key`;
  const left =
    sealing === 'simulation' && toSealing !== 'simulation'
      ? join(dataDir, SEALING_FILES.simulation)
      : undefined;
  return left === undefined
    ? restart
    : `${restart}, which lies in ${left}: destroy it when no backup needs it`;
}
