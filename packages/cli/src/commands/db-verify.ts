import type { Sealer, VerifyReport } from '@enigma-worker/core/tools';
import type { Command } from 'commander';
import { openExistingSealer } from '../config/existing-sealer.js';
import { settingsFrom } from '../config/from-command.js';
import type { SettingValues } from '../config/settings.js';
import { CommandError } from '../errors.js';
import { count } from '../output/amounts.js';
import { withProgress } from '../output/progress.js';
import { style, toJson } from '../output/style.js';
import { folderCommand, sealedFolderSettings } from './db-settings.js';

/** `enigma db verify`. */
export function verifyCommand(): Command {
  const command = folderCommand(
    'verify',
    'check pages, checksums, code hashes, how deltas chain, and with the sealing key that sealed data opens',
    sealedFolderSettings,
  ).option('--without-keys', 'do not look into what is sealed');
  return command.action(async ({ json, withoutKeys }: { json?: boolean; withoutKeys?: boolean }) => {
    const values = await settingsFrom(command, 'core', sealedFolderSettings);
    const sealer = withoutKeys === true ? undefined : await sealerIfThere(values);
    const { verifyWorker } = await import('@enigma-worker/core/tools');
    const report = await withProgress('verifying', (progress) =>
      verifyWorker(values.dataDir, {
        ...(sealer !== undefined && { sealer }),
        ...(progress !== undefined && { progress }),
      }),
    );
    if (json === true) console.log(toJson(report));
    else console.log(describe(report));
    if (report.problems.length > 0) process.exitCode = 1;
  });
}

/** In simulation the key lies in the folder or, as in a backup, it does not: then what is sealed stays sealed. */
async function sealerIfThere(
  values: SettingValues<typeof sealedFolderSettings>,
): Promise<Sealer | undefined> {
  try {
    return await openExistingSealer(values);
  } catch (error) {
    if (values.sealing !== 'simulation' || !(error instanceof CommandError)) throw error;
    console.error(style.note(`${error.message}: sealed data is not looked into`));
    return undefined;
  }
}

function describe({ problems, contracts, deltas, stateValues, inspected }: VerifyReport): string {
  const looked = `${count(contracts)} contracts, ${count(deltas)} deltas and ${count(stateValues)} state values`;
  const opened = `sealed data of ${count(inspected)} contracts opened`;
  if (problems.length === 0) return `${style.good('sound')}: ${looked}; ${opened}`;
  return [
    ...problems.map(({ where, what }) => `${style.bad('✗')} ${where}: ${what}`),
    `${style.bad(`${count(problems.length)} problems`)} in ${looked}; ${opened}`,
  ].join('\n');
}
