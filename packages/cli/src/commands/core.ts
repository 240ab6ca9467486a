import type { StoreInMemory, Worker } from '@enigma-worker/core';
import { fromHex } from '@enigma-worker/crypto';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { z } from 'zod';
import { curveServer, NOBODY } from '../config/curve.js';
import { openServerSealer } from '../config/existing-sealer.js';
import { limitsFrom, limitSettings } from '../config/limits.js';
import { listenAddress } from '../config/listen.js';
import { load, readConfigFile } from '../config/load.js';
import { sealingSettings } from '../config/sealing.js';
import { addFlags, address, flag, integer, type SettingValues } from '../config/settings.js';
import { requireDataFolder } from '../files.js';
import { HangUps } from '../hang-ups.js';
import { logSettings, openLog, warnOfUnknownVariables } from '../logging.js';
import { untilStopped } from '../until-stopped.js';
import { keygenCommand } from './core-keygen.js';
import { resealCommand } from './core-reseal.js';

/** Settings of `enigma core`. */
export const coreSettings = {
  dataDir: { value: 'dir', description: 'folder of the database and the sealing key', schema: z.string() },
  port: {
    value: 'n',
    description: 'TCP port on 127.0.0.1; 0 takes a free one (default: 5552)',
    schema: integer(0, 65_535).default(5552),
  },
  bind: {
    value: 'url',
    description: 'tcp://host:port or ipc://path, instead of --port',
    schema: z
      .string()
      .regex(
        /^(tcp:\/\/(\[[^\]]+\]|[^:/]+):(\d{1,5}|\*)|ipc:\/\/.+)$/,
        'expected tcp://host:port or ipc://path',
      )
      .optional(),
  },
  insecureBind: {
    description:
      'permit plain TCP beyond loopback without CURVE: for networks that are private by other means',
    schema: flag().default(false),
  },
  curveKeyFile: {
    value: 'file',
    description: "the core's CURVE key pair, as `enigma core keygen` writes it",
    schema: z.string().optional(),
  },
  allowFile: {
    value: 'file',
    description: 'public CURVE keys of the clients that may connect, one a line; SIGHUP reads it again',
    schema: z.string().optional(),
  },
  dialect: {
    value: 'name',
    description: 'how replies are written: seed or v0.3 (default: seed)',
    schema: z.enum(['seed', 'v0.3']).default('seed'),
  },
  principalAddress: {
    value: 'address',
    description: "the principal node's signing address: key exchanges not signed by it are refused",
    schema: address().optional(),
  },
  retries: {
    value: 'n',
    description: 'how often an attestation report is tried for (default: 10)',
    schema: integer(0, 1000).default(10),
  },
  spid: {
    value: 'id',
    description: "taken for compatibility; Intel's EPID service, which it named, is closed",
    schema: z.string().optional(),
  },
  attestation: {
    value: 'kind',
    description:
      'who vouches for the code: auto, simulation, gramine or tsm; one that is named must do so at start (default: auto)',
    schema: z.enum(['auto', 'simulation', 'gramine', 'tsm']).default('auto'),
  },
  ...sealingSettings,
  store: {
    value: 'place',
    description:
      'where contracts and states are held: disk, or memory with a sealed journal on the disk, for enclaves (default: disk)',
    schema: z.enum(['disk', 'memory']).default('disk'),
  },
  storeMemory: {
    value: 'MiB',
    description: 'with --store memory: how much the store may come to (default: 256)',
    schema: integer(1, 1_048_576).default(256),
  },
  storeMemoryDir: {
    value: 'dir',
    description:
      "with --store memory: a folder of a memory file system with room for it (default: the system's temporary folder)",
    schema: z.string().optional(),
  },
  executors: {
    value: 'n',
    description: 'threads that run contracts (default: one for each core)',
    schema: integer(1, 1024).optional(),
  },
  taskTimeout: {
    value: 'ms',
    description: 'wall-clock bound of one task (default: 30000)',
    schema: integer(100, 3_600_000).default(30_000),
  },
  ...limitSettings,
  stopTimeout: {
    value: 'ms',
    description: 'how long a stop waits for running tasks (default: 30000)',
    schema: integer(0, 3_600_000).default(30_000),
  },
  http: {
    value: 'host:port',
    description: 'serve /metrics, /health and /ready there',
    schema: listenAddress().optional(),
  },
  ...logSettings,
} as const;

/** `enigma core`, with `keygen` and `reseal` below it. */
export function coreCommand(): Command {
  const command = new Command('core')
    .description('run the worker: the enclave that stores and runs secret contracts')
    .action(async () => {
      const hangUps = new HangUps();
      const stopped = untilStopped();
      const file = await readConfigFile(command.optsWithGlobals<{ config?: string }>().config);
      const { values } = load('core', coreSettings, {
        flags: command.opts(),
        environment: process.env,
        file,
      });
      await run(values, hangUps, stopped);
    });
  addFlags(command, coreSettings);
  return command.addCommand(keygenCommand()).addCommand(resealCommand());
}

async function run(
  values: SettingValues<typeof coreSettings>,
  hangUps: HangUps,
  stopped: Promise<NodeJS.Signals>,
): Promise<void> {
  const { openAttestation, startWorker } = await import('@enigma-worker/core');
  const { logger, reopen } = await openLog('core', values.logLevel, values.logFile);
  hangUps.on(reopen);
  warnOfUnknownVariables(logger, 'core', coreSettings);
  const curve = curveServer(values.curveKeyFile, values.allowFile);
  if (curve?.allowedClients.length === 0) logger.warn({ allowFile: values.allowFile }, NOBODY);
  requireDataFolder(values.dataDir);
  const { messageLimits, enclave } = limitsFrom(values);
  const worker = await startWorker(
    {
      dataDir: values.dataDir,
      port: values.port,
      ...(values.bind !== undefined && { bind: values.bind }),
      insecureBind: values.insecureBind,
      ...(curve !== undefined && { curve }),
      dialect: values.dialect,
      ...(values.principalAddress !== undefined && { principalAddress: fromHex(values.principalAddress) }),
      ...(values.spid !== undefined && { spid: values.spid }),
      retries: values.retries,
      requireReport: values.attestation !== 'auto',
      ...(values.store === 'memory' && { storeInMemory: memoryOf(values) }),
      messageLimits,
      enclave: {
        ...enclave,
        jobTimeoutMs: values.taskTimeout,
        ...(values.executors !== undefined && { threads: values.executors }),
      },
      stopTimeout: values.stopTimeout,
      ...(values.http !== undefined && { http: values.http }),
    },
    {
      log: logger,
      sealer: await openServerSealer(values, 'store'),
      attestation: openAttestation({ kind: values.attestation, retries: values.retries }),
    },
  );
  try {
    const signal = await Promise.race([stopped, reloadOnSignal(worker, values, hangUps, logger)]);
    logger.info({ signal }, 'stopping: what was accepted is answered first');
  } finally {
    await worker.close();
  }
  logger.info({}, 'stopped');
}

/** Reads the list of allowed clients again whenever SIGHUP comes. Only ever ends by a failure that ends the core. */
async function reloadOnSignal(
  worker: Worker,
  { curveKeyFile, allowFile }: SettingValues<typeof coreSettings>,
  hangUps: HangUps,
  log: Logger,
): Promise<never> {
  if (curveKeyFile !== undefined && allowFile !== undefined) {
    const { reloadAllowedClients } = await import('../reload.js');
    return await new Promise((_resolve, reject) => {
      hangUps.on(() => void reloadAllowedClients(worker, allowFile, log).catch(reject));
    });
  }
  return await new Promise(() => undefined);
}

function memoryOf({ storeMemory, storeMemoryDir }: SettingValues<typeof coreSettings>): StoreInMemory {
  return {
    bytes: storeMemory * 1024 * 1024,
    ...(storeMemoryDir !== undefined && { folder: storeMemoryDir }),
  };
}
