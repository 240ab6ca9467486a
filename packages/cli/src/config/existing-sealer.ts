import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Sealer } from '@enigma-worker/core/tools';
import { CommandError } from '../errors.js';
import { sealingFrom, type SealingValues } from './sealing.js';

/** Files of the data folder that the sealing key depends on. */
export const SEALING_FILES = { simulation: 'sealing.key', passphrase: 'sealing.json' } as const;

/**
 * The file of the data folder without which nothing opens, when the mode has one: the key itself in simulation,
 * the salt with a passphrase.
 */
export function sealingFile({
  dataDir,
  sealing,
}: Pick<SealingValues, 'dataDir' | 'sealing'>): string | undefined {
  return sealing === 'simulation' || sealing === 'passphrase'
    ? join(dataDir, SEALING_FILES[sealing])
    : undefined;
}

/**
 * The sealer of a server, which makes its key at the first start only. A new one beside what was sealed before would open
 * nothing, and hide that the old one is missing.
 * @param sealed what is in the data folder since the first start
 * @throws as `openExistingSealer`
 */
export async function openServerSealer(values: SealingValues, sealed: string): Promise<Sealer> {
  if (existsSync(join(values.dataDir, sealed))) return await openExistingSealer(values);
  const { openSealer } = await import('@enigma-worker/core/tools');
  return await openSealer(sealingFrom(values));
}

/**
 * The sealer of what is sealed already. A server makes its key at the first start; a tool must not: it would
 * say that everything is damaged.
 * @throws CommandError when the key's file is missing; SealingError, UsageError
 */
export async function openExistingSealer(values: SealingValues): Promise<Sealer> {
  const file = sealingFile(values);
  if (file !== undefined && !existsSync(file)) {
    throw new CommandError(
      `${file} is missing, without which nothing opens that was sealed with --sealing ${values.sealing}`,
    );
  }
  const { openSealer } = await import('@enigma-worker/core/tools');
  return await openSealer(sealingFrom(values));
}
