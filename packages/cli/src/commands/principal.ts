import type { Policy } from '@enigma-worker/attestation';
import { fromHex, toHex } from '@enigma-worker/crypto';
import { Command } from 'commander';
import { z } from 'zod';
import { openServerSealer } from '../config/existing-sealer.js';
import { listenAddress } from '../config/listen.js';
import { load, readConfigFile } from '../config/load.js';
import { sealingSettings } from '../config/sealing.js';
import { addFlags, integer, list } from '../config/settings.js';
import { readText, requireDataFolder } from '../files.js';
import { HangUps } from '../hang-ups.js';
import { logSettings, openLog, warnOfUnknownVariables } from '../logging.js';
import { untilStopped } from '../until-stopped.js';
import { resealCommand } from './principal-reseal.js';
import { backupCommand, restoreCommand, rotateCommand } from './principal-secrets.js';

const HOUR = 60 * 60 * 1000;

/** Settings of `enigma principal`. */
export const principalSettings = {
  dataDir: { value: 'dir', description: 'folder of its sealed secrets', schema: z.string() },
  listen: {
    value: 'host:port',
    description: 'where it answers JSON-RPC (default: 127.0.0.1:3040)',
    schema: listenAddress().prefault('127.0.0.1:3040'),
  },
  workers: {
    value: 'addresses',
    description: 'signing addresses of the workers that are admitted, with commas between them',
    schema: list()
      .pipe(z.array(z.string().regex(/^(0x)?[0-9a-fA-F]{40}$/, 'expected addresses of 40 hex digits')))
      .optional(),
  },
  epochFile: {
    value: 'file',
    description:
      'worker parameters (seeds, workers, stakes): a worker gets the keys of the contracts it is selected for',
    schema: z.string().optional(),
  },
  policyFile: {
    value: 'file',
    description: 'admit workers whose attestation satisfies this policy; read anew at each registration',
    schema: z.string().optional(),
  },
  registrationHours: {
    value: 'n',
    description: 'how long an accepted registration lasts (default: 24)',
    schema: integer(1, 24 * 365).default(24),
  },
  ...sealingSettings,
  ...logSettings,
} as const;

/** `enigma principal`, with what is done to a stopped one below it. */
export function principalCommand(): Command {
  const command = new Command('principal')
    .description('run the principal (master) node: it gives workers the state keys of their contracts')
    .action(async () => {
      const hangUps = new HangUps();
      const stopped = untilStopped();
      const file = await readConfigFile(command.optsWithGlobals<{ config?: string }>().config);
      const { values } = load('principal', principalSettings, {
        flags: command.opts(),
        environment: process.env,
        file,
      });
      const { startPrincipal } = await import('@enigma-worker/principal');
      const { logger, reopen } = await openLog('principal', values.logLevel, values.logFile);
      hangUps.on(reopen);
      warnOfUnknownVariables(logger, 'principal', principalSettings);
      requireDataFolder(values.dataDir);
      const principal = await startPrincipal({
        dataDir: values.dataDir,
        sealer: await openServerSealer(values, 'principal.sealed'),
        ...values.listen,
        authorisation: {
          ...(values.workers !== undefined && { workers: values.workers.map(fromHex) }),
          ...(values.epochFile !== undefined && { epochFile: values.epochFile }),
          ...(values.policyFile !== undefined && {
            registration: {
              policy: await policyReader(values.policyFile),
              lifetime: values.registrationHours * HOUR,
            },
          }),
        },
        log: logger,
      });
      logger.info(
        { url: principal.url, address: `0x${toHex(principal.address)}` },
        'cores pin this address with --principal-address',
      );
      const signal = await stopped;
      logger.info({ signal }, 'stopping');
      await principal.close();
    });
  addFlags(command, principalSettings);
  return command
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(rotateCommand())
    .addCommand(resealCommand());
}

/**
 * Reads a policy whenever it is asked, so that collateral can be renewed while the principal runs.
 * @throws PolicyError, CommandError at once when it cannot be read now
 */
async function policyReader(file: string): Promise<() => Policy> {
  const { parsePolicy } = await import('@enigma-worker/attestation');
  const read = (): Policy => parsePolicy(readText(file), new Date());
  read();
  return read;
}
