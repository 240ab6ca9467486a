import { Command } from 'commander';
import { settingsFrom } from '../config/from-command.js';
import { adviceAfter, resealing, resealSettings } from '../config/reseal.js';
import { addFlags } from '../config/settings.js';
import { style, toJson } from '../output/style.js';

/** `enigma principal reseal`. */
export function resealCommand(): Command {
  const command = new Command('reseal')
    .description('move the secrets of a stopped principal to another sealing key')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const values = await settingsFrom(command, 'principal', resealSettings);
      const { resealSecrets } = await import('@enigma-worker/principal');
      await resealing(values, values, (from, to) => resealSecrets(values.dataDir, from, to));
      if (json === true) {
        console.log(toJson({ from: values.sealing, to: values.toSealing }));
        return;
      }
      console.log(`${style.good('resealed')} ${values.sealing} → ${values.toSealing}`);
      console.log(style.note(adviceAfter(values, values)));
    });
  return addFlags(command, resealSettings);
}
