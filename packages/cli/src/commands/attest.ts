import { Command } from 'commander';
import { registerCommand } from './attest-register.js';
import { showCommand } from './attest-show.js';
import { verifyCommand } from './attest-verify.js';

/** `enigma attest`. */
export function attestCommand(): Command {
  return new Command('attest')
    .description('what a core says about the code it runs, and whether that is to be believed')
    .addCommand(showCommand())
    .addCommand(verifyCommand())
    .addCommand(registerCommand());
}
