import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { unknownVariables } from './config/load.js';
import type { Settings } from './config/settings.js';
import { UsageError } from './errors.js';
import { makeFolder, reasonOf } from './files.js';

const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']);

/** Settings of every server that logs. */
export const logSettings = {
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

/** A logger, and how to make it write to a fresh file of the same name after the old one was moved away. */
export interface OpenLog {
  readonly logger: Logger;
  readonly reopen: () => void;
}

/**
 * Structured logs: JSON lines to a file or a pipe, readable lines to a terminal.
 * @param file where to; standard output when absent
 * @throws UsageError when the file cannot be written
 */
export async function openLog(
  name: string,
  level: z.infer<typeof logLevel>,
  file?: string,
): Promise<OpenLog> {
  if (file !== undefined) requireWritable(file);
  const { default: pino } = await import('pino');
  if (file === undefined && process.stdout.isTTY) {
    const { default: pretty } = await import('pino-pretty');
    const stream = pretty({
      colorize: true,
      ignore: 'pid,hostname,name',
      translateTime: 'HH:MM:ss.l',
      sync: true,
    });
    return { logger: pino({ name, level }, stream), reopen: () => undefined };
  }
  const destination = pino.destination({
    ...(file === undefined ? { dest: 1 } : { dest: file, mkdir: true }),
    sync: false,
  });
  // A full disk, or a folder that is gone, must not end the server: without a listener the first error would.
  let told = false;
  destination.on('error', (error) => {
    if (!told) console.error(`the log cannot be written: ${reasonOf(error)}`);
    told = true;
  });
  return {
    logger: pino({ name, level }, destination),
    reopen: () => {
      if (file !== undefined) destination.reopen();
    },
  };
}

/** Tells of environment variables that look like settings of a server and are none. */
export function warnOfUnknownVariables(log: Logger, section: string, settings: Settings): void {
  for (const variable of unknownVariables(section, settings, process.env))
    log.warn({ variable }, 'this environment variable is no setting and has no effect');
}

/** Finds out what is wrong with a file before it is opened for good, where it could only be told too late. */
function requireWritable(file: string): void {
  try {
    makeFolder(dirname(file));
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new UsageError(`--log-file: ${reasonOf(error)}`);
  }
}
