import { Command } from 'commander';
import { buildCommand } from './contract-build.js';
import { newCommand } from './contract-new.js';
import { testCommand } from './contract-test.js';

/** `enigma contract`. */
export function contractCommand(): Command {
  return new Command('contract')
    .description('write, build and test secret contracts')
    .addCommand(newCommand())
    .addCommand(buildCommand())
    .addCommand(testCommand());
}
