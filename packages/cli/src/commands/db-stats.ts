import type { Command } from 'commander';
import { settingsFrom } from '../config/from-command.js';
import { bytes, count } from '../output/amounts.js';
import { withProgress } from '../output/progress.js';
import { fields, style, toJson } from '../output/style.js';
import { folderCommand, folderSettings, storeOf } from './db-settings.js';

/** `enigma db stats`. */
export function statsCommand(): Command {
  const command = folderCommand('stats', 'count what the database holds');
  return command.action(async ({ json }: { json?: boolean }) => {
    const { dataDir } = await settingsFrom(command, 'core', folderSettings);
    const { readStats } = await import('@enigma-worker/core/tools');
    const stats = await withProgress('counting', (progress) => readStats(storeOf(dataDir), progress));
    if (json === true) {
      console.log(toJson(stats));
      return;
    }
    const { contracts, withoutBytecode, behind, withGaps, deltas, bytecodes, stateValues, stateKeys } = stats;
    console.log(
      [
        style.title(storeOf(dataDir)),
        fields([
          ['contracts', count(contracts)],
          ['  without bytecode', count(withoutBytecode)],
          ['  state behind deltas', count(behind)],
          ['  deltas missing', count(withGaps)],
          ['deltas', count(deltas)],
          ['bytecodes', count(bytecodes)],
          ['state values', count(stateValues)],
          ['state keys', count(stateKeys)],
          ['file', `${bytes(stats.fileBytes)}, schema version ${stats.schemaVersion}`],
        ]),
      ].join('\n'),
    );
  });
}
