import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { openExistingSealer } from '../config/existing-sealer.js';
import { settingsFrom } from '../config/from-command.js';
import { readPassphrase, sealingFrom, sealingSettings } from '../config/sealing.js';
import { addFlags } from '../config/settings.js';
import { CommandError } from '../errors.js';
import { readText, requireDataFolder, writeNewFile } from '../files.js';
import { style, toJson } from '../output/style.js';

const folderSettings = {
  dataDir: { value: 'dir', description: 'data folder of the stopped principal', schema: z.string() },
  ...sealingSettings,
} as const;

/** Settings of `enigma principal backup` and `restore`. */
export const backupSettings = {
  ...folderSettings,
  backupPassphraseFile: {
    value: 'file',
    description: 'its first line is the passphrase of the backup',
    schema: z.string(),
  },
} as const;

interface Options {
  readonly json?: boolean;
}

/** `enigma principal backup FILE`. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description('write signing key, master secrets and list of contracts to a file, under a passphrase')
    .argument('<file>', 'where to; must not exist')
    .option('--json', 'print JSON')
    .action(async (file: string, { json }: Options) => {
      const values = await settingsFrom(command, 'principal', backupSettings);
      const passphrase = readPassphrase(values.backupPassphraseFile);
      if (existsSync(file)) throw new CommandError(`${file} exists already`);
      const { backupPrincipal } = await import('@enigma-worker/principal');
      const backup = await backupPrincipal(values.dataDir, await openExistingSealer(values), passphrase);
      writeNewFile(file, backup);
      console.log(json === true ? toJson({ file }) : `${style.good('backed up')} to ${file}`);
    });
  return addFlags(command, backupSettings);
}

/** `enigma principal restore FILE`. */
export function restoreCommand(): Command {
  const command = new Command('restore')
    .description('put a backup into a data folder that holds no principal yet')
    .argument('<file>', 'what `enigma principal backup` wrote')
    .option('--json', 'print JSON')
    .action(async (file: string, { json }: Options) => {
      const values = await settingsFrom(command, 'principal', backupSettings);
      const passphrase = readPassphrase(values.backupPassphraseFile);
      const backup = readText(file);
      const [{ openSealer }, { restorePrincipal }] = await Promise.all([
        import('@enigma-worker/core/tools'),
        import('@enigma-worker/principal'),
      ]);
      requireDataFolder(values.dataDir);
      await restorePrincipal(values.dataDir, await openSealer(sealingFrom(values)), backup, passphrase);
      console.log(
        json === true
          ? toJson({ file, dataDir: values.dataDir })
          : `${style.good('restored')} ${file} to ${values.dataDir}`,
      );
    });
  return addFlags(command, backupSettings);
}

/** `enigma principal rotate`. */
export function rotateCommand(): Command {
  const command = new Command('rotate')
    .description('add a generation: contracts first asked for from now on get keys of a new master secret')
    .option('--json', 'print JSON')
    .action(async ({ json }: Options) => {
      const values = await settingsFrom(command, 'principal', folderSettings);
      const { rotateMasterSecret } = await import('@enigma-worker/principal');
      const generation = await rotateMasterSecret(values.dataDir, await openExistingSealer(values));
      if (json === true) {
        console.log(toJson({ generation }));
        return;
      }
      console.log(`${style.good('rotated')}: new contracts get state keys of generation ${generation}`);
      console.log(style.note('earlier backups do not hold it: make a new one'));
    });
  return addFlags(command, folderSettings);
}
