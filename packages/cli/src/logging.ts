import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { destination, Logger } from 'pino';
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

/** Bytes of the log that may wait to be written, after which lines are left out. */
const MOST_WAITING = 8 * 1024 * 1024;

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
  let isEnding = false;
  const destination = pino.destination({
    ...(file === undefined ? { dest: 1 } : { dest: file, mkdir: true }),
    sync: false,
    maxLength: MOST_WAITING,
    // Who reads the log may be slow, but the end waits for nobody.
    retryEAGAIN: () => !isEnding,
  });
  const logger = pino({ name, level }, destination);
  surviveFailures(destination, logger, () => (isEnding = true));
  return {
    logger,
    reopen: () => {
      if (file !== undefined) reopen(destination, file);
    },
  };
}

type Destination = ReturnType<typeof destination>;

/** A full disk, or a folder that is gone, must neither end the server, nor fill its memory, nor keep it from ending. */
function surviveFailures(to: Destination, logger: Logger, ending: () => void): void {
  let isFailing = false;
  let lost = 0;
  // Without a listener the first error would end the server.
  to.on('error', (error) => {
    if (!isFailing) console.error(`the log cannot be written: ${reasonOf(error)}`);
    isFailing = true;
  });
  to.on('drop', () => lost++);
  to.on('drain', () => {
    const count = lost;
    [isFailing, lost] = [false, 0];
    if (count > 0) logger.warn({ lost: count }, 'the log could not be written, and lines of it are lost');
  });
  const flush = to.flushSync.bind(to);
  // Called when the process ends, and would try for ever: what cannot be written then is given up.
  to.flushSync = () => {
    ending();
    try {
      if (!isFailing) flush();
    } catch {
      // There is nobody left to tell.
    }
  };
}

/** A file that cannot be opened is told of, and the log goes on in the old one. */
function reopen(to: Destination, file: string): void {
  try {
    requireWritable(file);
  } catch (error) {
    console.error(`the log cannot be reopened: ${reasonOf(error)}`);
    return;
  }
  to.reopen();
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
