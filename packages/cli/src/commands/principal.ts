import { fromHex, toHex } from '@enigma-worker/crypto';
import { Command } from 'commander';
import { z } from 'zod';
import { listenAddress } from '../config/listen.js';
import { load, readConfigFile } from '../config/load.js';
import { sealingFrom, sealingSettings } from '../config/sealing.js';
import { addFlags, list } from '../config/settings.js';
import { logLevel, openLog } from '../logging.js';
import { untilStopped } from '../until-stopped.js';

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
  ...sealingSettings,
  logLevel: {
    value: 'level',
    description: 'trace, debug, info, warn, error or silent (default: info)',
    schema: logLevel.default('info'),
  },
  logFile: {
    value: 'file',
    description: 'write the log there; SIGHUP reopens it',
    schema: z.string().optional(),
  },
} as const;

/** `enigma principal`. */
export function principalCommand(): Command {
  const command = new Command('principal')
    .description('run the principal (master) node: it gives workers the state keys of their contracts')
    .action(async () => {
      const file = await readConfigFile(command.optsWithGlobals<{ config?: string }>().config);
      const { values } = load('principal', principalSettings, {
        flags: command.opts(),
        environment: process.env,
        file,
      });
      const [{ openSealer }, { startPrincipal }] = await Promise.all([
        import('@enigma-worker/core'),
        import('@enigma-worker/principal'),
      ]);
      const { logger, reopen } = openLog('principal', values.logLevel, values.logFile);
      process.on('SIGHUP', reopen);
      const principal = await startPrincipal({
        dataDir: values.dataDir,
        sealer: await openSealer(sealingFrom(values)),
        ...values.listen,
        authorisation: {
          ...(values.workers !== undefined && { workers: values.workers.map(fromHex) }),
          ...(values.epochFile !== undefined && { epochFile: values.epochFile }),
        },
        log: logger,
      });
      logger.info(
        { url: principal.url, address: `0x${toHex(principal.address)}` },
        'cores pin this address with --principal-address',
      );
      const signal = await untilStopped();
      logger.info({ signal }, 'stopping');
      await principal.close();
    });
  return addFlags(command, principalSettings);
}
