import { equalBytes, fromHex } from '@enigma-worker/crypto';
import type { Client, ClientOptions } from '@enigma-worker/client';
import type { EnigmaClient, Transport } from '@enigma-worker/sdk';
import type { Command } from 'commander';
import { z } from 'zod';
import { curveKey, readCurveKeys } from './config/curve.js';
import { load, readConfigFile } from './config/load.js';
import { addFlags, address, integer } from './config/settings.js';
import { CommandError, isExpected, UsageError } from './errors.js';
import { style } from './output/style.js';

/** Settings of every command that speaks to a worker as a user does. */
export const clientSettings = {
  endpoint: {
    value: 'url',
    description:
      'the worker: tcp://… or ipc://… of a core, or http(s)://… of a gateway (default: tcp://127.0.0.1:5552)',
    schema: z.string().default('tcp://127.0.0.1:5552'),
  },
  worker: {
    value: 'address',
    description: "the worker's signing address; answers of any other are refused",
    schema: address().optional(),
  },
  timeout: {
    value: 'ms',
    description: 'how long to wait for an answer (default: 60000)',
    schema: integer(1, 3_600_000).default(60_000),
  },
  serverKey: {
    value: 'z85',
    description: "the core's CURVE public key, for an encrypted connection",
    schema: curveKey.optional(),
  },
  curveKeyFile: {
    value: 'file',
    description: 'file with our own CURVE key pair, as `enigma core keygen` writes it',
    schema: z.string().optional(),
  },
} as const;

/** The same settings of a command that speaks to a core alone. */
export const coreClientSettings = {
  ...clientSettings,
  endpoint: {
    ...clientSettings.endpoint,
    description: 'the core: tcp://… or ipc://… (default: tcp://127.0.0.1:5552)',
  },
} as const;

/** Adds the flags that {@link connectFrom} reads. */
export function addClientFlags(command: Command): Command {
  return addFlags(command, clientSettings);
}

/** Adds the flags that {@link connectClientFrom} reads. */
export function addCoreClientFlags(command: Command): Command {
  return addFlags(command, coreClientSettings);
}

interface ConnectionValues {
  readonly endpoint: string;
  readonly timeout: number;
  readonly serverKey?: string | undefined;
  readonly curveKeyFile?: string | undefined;
}

async function readValues(command: Command) {
  const file = await readConfigFile(command.optsWithGlobals<{ config?: string }>().config);
  return load('client', clientSettings, { flags: command.opts(), environment: process.env, file }).values;
}

/** A client of the SDK for the worker that flags, environment and config file name. */
export async function connectFrom(command: Command): Promise<EnigmaClient> {
  const values = await readValues(command);
  const { createClient } = await import('@enigma-worker/sdk');
  return createClient({
    transport: noting(await transportTo(values), values),
    ...(values.worker !== undefined && { worker: values.worker }),
  });
}

/**
 * A client of the core's own protocol for the core that flags, environment and config file name.
 * @throws CommandError when it is another worker than `--worker` says; ClientError
 */
export async function connectClientFrom(command: Command): Promise<Client> {
  const values = await readValues(command);
  const client = await connectClient(values);
  try {
    if (values.worker !== undefined) requireWorker(await client.getRegistrationParams({}), values);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** @throws CommandError when it is another worker than `--worker` says */
export function requireWorker(
  { signingKey }: { readonly signingKey: Uint8Array },
  { worker, endpoint }: { readonly worker?: string | undefined; readonly endpoint: string },
): void {
  if (worker !== undefined && !equalBytes(signingKey, fromHex(worker)))
    throw new CommandError(`${endpoint} is another worker than ${worker}`);
}

/** A client of the core's own protocol. */
export async function connectClient(values: ConnectionValues): Promise<Client> {
  if (!/^(tcp|ipc):/.test(values.endpoint)) {
    throw new UsageError(
      `endpoint: expected tcp://… or ipc://… of a core, got ${JSON.stringify(values.endpoint)}`,
    );
  }
  const { connect } = await import('@enigma-worker/client');
  const options = clientOptions(values);
  return called(() => connect(values.endpoint, options));
}

async function transportTo(values: ConnectionValues): Promise<Transport> {
  const { endpoint, timeout } = values;
  if (/^https?:/.test(endpoint)) {
    const { http } = await import('@enigma-worker/sdk');
    return http(endpoint, { timeout });
  }
  if (!/^(tcp|ipc):/.test(endpoint)) {
    throw new UsageError(
      `endpoint: expected tcp://…, ipc://… or http(s)://…, got ${JSON.stringify(endpoint)}`,
    );
  }
  const { ipc } = await import('@enigma-worker/sdk/ipc');
  const options = clientOptions(values);
  return called(() => ipc(endpoint, options));
}

/** A worker answers these at once. After so long, in ms, whoever waits is told for what. */
const SILENCE_MS = 3_000;

/** Tells on standard error when nobody seems to be there, long before the time is over. */
function noting(transport: Transport, { endpoint, timeout }: ConnectionValues): Transport {
  const note = (): void =>
    console.error(
      style.note(`no answer from ${endpoint} yet: waiting for it, ${timeout / 1000} seconds at most`),
    );
  const noted = async <T>(answer: Promise<T>): Promise<T> => {
    const timer = setTimeout(note, SILENCE_MS);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    ...transport,
    getRegistrationParams: (options) => noted(transport.getRegistrationParams(options)),
    newTaskEncryptionKey: (key, options) => noted(transport.newTaskEncryptionKey(key, options)),
  };
}

/** What a client does not take as an address is what our user wrote. */
function called<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!isExpected(error) || error.code !== 'BAD_ENDPOINT') throw error;
    throw new UsageError(`endpoint: ${error.message}`);
  }
}

function clientOptions({ timeout, serverKey, curveKeyFile }: ConnectionValues): ClientOptions {
  if (serverKey === undefined) {
    if (curveKeyFile === undefined) return { timeout };
    throw new UsageError(
      "--curve-key-file needs --server-key too: without the core's public key nothing would be encrypted",
    );
  }
  if (curveKeyFile === undefined) throw new UsageError('--server-key needs --curve-key-file too');
  return { timeout, curve: { serverPublicKey: serverKey, ...readCurveKeys(curveKeyFile) } };
}
