import { Command } from 'commander';
import { VERSION } from './version.js';

interface Entry {
  readonly description: string;
  readonly load: () => Promise<Command>;
}

/**
 * Every subcommand. Its code is loaded only when it is the one that is called: a core must not wait for
 * a compiler, nor a call for a database.
 */
const COMMANDS: Readonly<Record<string, Entry>> = {
  core: {
    description: 'run the worker: the enclave that stores and runs secret contracts',
    load: async () => (await import('./commands/core.js')).coreCommand(),
  },
  principal: {
    description: 'run the principal (master) node: it gives workers the state keys of their contracts',
    load: async () => (await import('./commands/principal.js')).principalCommand(),
  },
  keys: {
    description: 'carry state keys from the principal node to a core',
    load: async () => (await import('./commands/keys.js')).keysCommand(),
  },
  gateway: {
    description: 'offer a core to browsers over JSON-RPC',
    load: async () => (await import('./commands/gateway.js')).gatewayCommand(),
  },
  deploy: {
    description: 'deploy a secret contract',
    load: async () => (await import('./commands/deploy.js')).deployCommand(),
  },
  call: {
    description: 'call a secret contract',
    load: async () => (await import('./commands/call.js')).callCommand(),
  },
  contract: {
    description: 'write, build, test and inspect secret contracts',
    load: async () => (await import('./commands/contract.js')).contractCommand(),
  },
  db: {
    description: "look after a core's database: statistics, verification, backup, export",
    load: async () => (await import('./commands/db.js')).dbCommand(),
  },
  status: {
    description: 'watch a core at work: rate, latency, queues, contracts, memory',
    load: async () => (await import('./commands/status.js')).statusCommand(),
  },
  attest: {
    description: 'show, verify and register what a core says about the code it runs',
    load: async () => (await import('./commands/attest.js')).attestCommand(),
  },
  config: {
    description: 'show what settings are in force, and what a config file may hold',
    load: async () => (await import('./commands/config.js')).configCommand(),
  },
  demo: {
    description: 'run a whole worker on a real contract, and say what stays secret',
    load: async () => (await import('./commands/demo.js')).demoCommand(),
  },
};

/** The `enigma` command for these arguments (without `node` and the script). */
export async function program(args: readonly string[]): Promise<Command> {
  const enigma = new Command('enigma')
    .description('Run a worker for secret contracts; write, deploy and call them.')
    .version(VERSION)
    .option('--config <file>', 'config file; enigma.config.{ts,js,json} of the working folder when absent')
    .showHelpAfterError();
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    enigma.addCommand(args.includes(name) ? await load() : new Command(name).description(description));
  }
  throwErrors(enigma);
  for (const command of enigma.commands) refuseUnknownCommands(command);
  return enigma;
}

/** The parser takes what follows a command that runs by itself, as `core` does, for an argument too many: most often it is a mistyped subcommand. */
function refuseUnknownCommands(command: Command): void {
  if (command.commands.length === 0) return;
  const known = command.commands.map((each) => each.name()).join(', ');
  command.allowExcessArguments().hook('preAction', (_, called) => {
    const [unknown] = called.args;
    if (called !== command || unknown === undefined) return;
    command.error(`error: unknown command '${unknown}'\n(${command.name()} has ${known})`);
  });
}

/** What a command was called wrongly with is shown by the parser and then thrown, so that one place decides how to exit. */
function throwErrors(command: Command): void {
  command.exitOverride();
  for (const each of command.commands) throwErrors(each);
}
