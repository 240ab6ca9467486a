import { join } from 'node:path';
import { Command } from 'commander';
import { addFlags } from '../config/settings.js';
import { coreSettings } from './core.js';

const { dataDir, sealing, sealingKeyFile, passphraseFile } = coreSettings;

/** What every tool on a store needs: the core's own data folder. */
export const folderSettings = { dataDir } as const;

/** What tools need that look into sealed data. */
export const sealedFolderSettings = { dataDir, sealing, sealingKeyFile, passphraseFile } as const;

/** The store's folder in a core's data folder. */
export function storeOf(folder: string): string {
  return join(folder, 'store');
}

/** A tool on the data folder of a core. */
export function folderCommand(
  name: string,
  description: string,
  settings: typeof folderSettings | typeof sealedFolderSettings = folderSettings,
): Command {
  return addFlags(new Command(name).description(description), settings).option('--json', 'print JSON');
}
