import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { SEALING_FILES } from '../config/existing-sealer.js';
import { settingsFrom } from '../config/from-command.js';
import { CommandError } from '../errors.js';
import { readBytes, requireDataFolder } from '../files.js';
import { bytes } from '../output/amounts.js';
import { withProgress } from '../output/progress.js';
import { style, toJson } from '../output/style.js';
import { folderCommand, folderSettings, storeOf } from './db-settings.js';

/** `enigma db backup DIR`: a data folder like the core's own, but for the sealing key. */
export function backupCommand(): Command {
  const command = folderCommand('backup', 'copy the database as it is at one moment').argument(
    '<dir>',
    'new or empty folder for the copy',
  );
  return command.action(async (target: string, { json }: { json?: boolean }) => {
    const { dataDir } = await settingsFrom(command, 'core', folderSettings);
    if (existsSync(target) && readdirSync(target).length > 0)
      throw new CommandError(`${target} is not empty`);
    const { backupStore } = await import('@enigma-worker/core/tools');
    await withProgress('copying', (progress) => backupStore(storeOf(dataDir), storeOf(target), progress));
    // Salt and cost are no secret, and without them the passphrase opens nothing.
    copyIfThere(join(dataDir, SEALING_FILES.passphrase), join(target, SEALING_FILES.passphrase));
    const size = statSync(join(storeOf(target), 'data.mdb')).size;
    const key = join(dataDir, SEALING_FILES.simulation);
    const sealingKey = existsSync(key) ? key : null;
    if (json === true) {
      console.log(toJson({ target, bytes: size, sealingKeyNotIncluded: sealingKey }));
      return;
    }
    console.log(`${style.good('backed up')} ${bytes(size)} to ${target}`);
    if (sealingKey !== null)
      console.log(
        style.note(`the sealing key ${key} is not in it: keep it elsewhere, nothing opens without it`),
      );
  });
}

/** `enigma db restore DIR`. */
export function restoreCommand(): Command {
  const command = folderCommand(
    'restore',
    'make a backup the database of a data folder that has none',
  ).argument('<dir>', 'what `enigma db backup` wrote');
  return command.action(async (source: string, { json }: { json?: boolean }) => {
    const { dataDir } = await settingsFrom(command, 'core', folderSettings);
    const { restoreStore } = await import('@enigma-worker/core/tools');
    requireDataFolder(dataDir);
    const [from, to] = [source, dataDir].map((folder) => join(folder, SEALING_FILES.passphrase)) as [
      string,
      string,
    ];
    if (existsSync(from) && existsSync(to) && !Buffer.from(readBytes(from)).equals(readBytes(to)))
      throw new CommandError(`${to} is of another passphrase than the backup: move it away first`);
    await withProgress('copying', () => restoreStore(storeOf(source), storeOf(dataDir)));
    copyIfThere(from, to);
    console.log(
      json === true ? toJson({ source, dataDir }) : `${style.good('restored')} ${source} to ${dataDir}`,
    );
  });
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) copyFileSync(from, to);
}
