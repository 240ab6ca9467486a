import type { Logger } from 'pino';
import { z } from 'zod';

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
 */
export async function openLog(
  name: string,
  level: z.infer<typeof logLevel>,
  file?: string,
): Promise<OpenLog> {
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
  return {
    logger: pino({ name, level }, destination),
    reopen: () => {
      if (file !== undefined) destination.reopen();
    },
  };
}
