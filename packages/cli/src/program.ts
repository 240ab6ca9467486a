import { Command } from 'commander';
import { callCommand } from './commands/call.js';
import { coreCommand } from './commands/core.js';
import { demoCommand } from './commands/demo.js';
import { deployCommand } from './commands/deploy.js';
import { gatewayCommand } from './commands/gateway.js';
import { keysCommand } from './commands/keys.js';
import { principalCommand } from './commands/principal.js';

/** The `enigma` command with all its subcommands. */
export function program(): Command {
  return new Command('enigma')
    .description('Run a worker for secret contracts; write, deploy and call them.')
    .version('0.1.0')
    .option('--config <file>', 'config file; enigma.config.{ts,js,json} of the working folder when absent')
    .showHelpAfterError()
    .addCommand(coreCommand())
    .addCommand(principalCommand())
    .addCommand(keysCommand())
    .addCommand(gatewayCommand())
    .addCommand(deployCommand())
    .addCommand(callCommand())
    .addCommand(demoCommand());
}
