import { Command } from 'commander';
import { addCoreClientFlags } from '../connection.js';
import { style, toJson } from '../output/style.js';
import { askForRegistration } from '../registration.js';
import { addPrincipalOptions, type PrincipalOptions, retriesOf } from './principal-options.js';

interface Options extends PrincipalOptions {
  readonly json?: boolean;
}

/** `enigma attest register`. */
export function registerCommand(): Command {
  const command = new Command('register')
    .description("present a core's report to a principal node that admits workers by their attestation")
    .option('--json', 'print JSON')
    .action(async ({ principal, retries, json }: Options) => {
      const params = await askForRegistration(command);
      const { registerWithPrincipal } = await import('@enigma-worker/principal');
      const validUntil = await registerWithPrincipal(principal, params, retriesOf({ retries }));
      console.log(
        json === true
          ? toJson({ validUntil })
          : `${style.good('registered')} until ${validUntil.toISOString()}`,
      );
    });
  addPrincipalOptions(command, 'the principal node', 'http://127.0.0.1:3040');
  return addCoreClientFlags(command);
}
