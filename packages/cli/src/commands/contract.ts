import { Command } from 'commander';
import { buildCommand } from './contract-build.js';
import { inspectCommand } from './contract-inspect.js';
import { newCommand } from './contract-new.js';
import { testCommand } from './contract-test.js';

/** `enigma contract`. */
export function contractCommand(): Command {
  return new Command('contract')
    .description('write, build, test and inspect secret contracts')
    .addCommand(newCommand())
    .addCommand(buildCommand())
    .addCommand(testCommand())
    .addCommand(inspectCommand());
}
