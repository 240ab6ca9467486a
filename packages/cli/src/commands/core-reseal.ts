import { Command } from 'commander';
import { settingsFrom } from '../config/from-command.js';
import { adviceAfter, resealing, resealSettings } from '../config/reseal.js';
import { addFlags } from '../config/settings.js';
import { count } from '../output/amounts.js';
import { style, toJson } from '../output/style.js';

/** `enigma core reseal`. */
export function resealCommand(): Command {
  const command = new Command('reseal')
    .description('move the secrets of a stopped core to another sealing key, all in one commit')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const values = await settingsFrom(command, 'core', resealSettings);
      const { resealStore } = await import('@enigma-worker/core/tools');
      const secrets = await resealing(values, values, (from, to) => resealStore(values.dataDir, from, to));
      if (json === true) {
        console.log(toJson({ secrets, from: values.sealing, to: values.toSealing }));
        return;
      }
      console.log(
        `${style.good('resealed')} ${count(secrets)} secrets: ${values.sealing} → ${values.toSealing}`,
      );
      console.log(style.note(adviceAfter(values, values)));
    });
  return addFlags(command, resealSettings);
}
