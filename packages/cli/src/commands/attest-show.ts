import { Command } from 'commander';
import { addCoreClientFlags } from '../connection.js';
import { fields, style, toJson } from '../output/style.js';
import { askForRegistration, readRegistration } from '../registration.js';

interface Options {
  readonly report?: string;
  readonly json?: boolean;
}

/** `enigma attest show`. */
export function showCommand(): Command {
  const command = new Command('show')
    .description('tell what a core says about itself, with nothing of it verified')
    .option('--report <file>', 'a report kept by `enigma attest show --json`, instead of asking a core')
    .option('--json', 'print JSON, which `enigma attest verify --report` takes')
    .action(async ({ report, json }: Options) => {
      const params = report === undefined ? await askForRegistration(command) : readRegistration(report);
      const { describeReport } = await import('@enigma-worker/attestation');
      const lines = await describeReport(params);
      if (json === true) console.log(toJson({ ...params, description: Object.fromEntries(lines) }));
      else
        console.log(
          `${fields(lines)}\n${style.note('nothing of this is verified: see `enigma attest verify`')}`,
        );
    });
  return addCoreClientFlags(command);
}
