import { Command } from 'commander';
import { z } from 'zod';
import { listenAddress } from '../config/listen.js';
import { load, readConfigFile } from '../config/load.js';
import { addFlags, flag, httpUrl, integer, list, origin } from '../config/settings.js';
import { connectClient, coreClientSettings } from '../connection.js';
import { HangUps } from '../hang-ups.js';
import { logSettings, openLog, warnOfUnknownVariables } from '../logging.js';
import { untilStopped } from '../until-stopped.js';

const { endpoint, timeout, serverKey, curveKeyFile } = coreClientSettings;

/** Settings of `enigma gateway`. */
export const gatewaySettings = {
  endpoint,
  timeout,
  serverKey,
  curveKeyFile,
  listen: {
    value: 'host:port',
    description: 'where it answers JSON-RPC (default: 127.0.0.1:3000)',
    schema: listenAddress().prefault('127.0.0.1:3000'),
  },
  origins: {
    value: 'urls',
    description: 'origins of pages that may call, with commas between them (default: any)',
    schema: list().pipe(z.array(origin())).optional(),
  },
  bodyLimit: {
    value: 'bytes',
    description: 'longest request (default: 20 MiB)',
    schema: integer(1, 1 << 30).default(20 << 20),
  },
  principal: {
    value: 'url',
    description: 'principal node from which state keys of new contracts are fetched',
    schema: httpUrl().optional(),
  },
  metrics: {
    description: 'serve /metrics too, to whoever can call',
    schema: flag().default(false),
  },
  ...logSettings,
} as const;

/** `enigma gateway`. */
export function gatewayCommand(): Command {
  const command = new Command('gateway')
    .description('offer a core to browsers over JSON-RPC')
    .action(async () => {
      const hangUps = new HangUps();
      const stopped = untilStopped();
      const file = await readConfigFile(command.optsWithGlobals<{ config?: string }>().config);
      const { values } = load('gateway', gatewaySettings, {
        flags: command.opts(),
        environment: process.env,
        file,
      });
      const { startGateway } = await import('@enigma-worker/gateway');
      const { logger, reopen } = await openLog('gateway', values.logLevel, values.logFile);
      hangUps.on(reopen);
      warnOfUnknownVariables(logger, 'gateway', gatewaySettings);
      const client = await connectClient(values);
      try {
        const gateway = await startGateway({
          client,
          ...values.listen,
          bodyLimit: values.bodyLimit,
          metrics: values.metrics,
          ...(values.origins !== undefined && { origins: values.origins }),
          ...(values.principal !== undefined && { principal: values.principal }),
          logger,
        });
        logger.info({ url: gateway.url, core: values.endpoint }, 'gateway started');
        const signal = await stopped;
        logger.info({ signal }, 'stopping');
        await gateway.close();
      } finally {
        await client.close();
      }
    });
  return addFlags(command, gatewaySettings);
}
