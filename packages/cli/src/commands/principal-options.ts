import { type Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { httpUrl, integer } from '../config/settings.js';
import { style } from '../output/style.js';

/** What a command that asks a principal node was told of it. */
export interface PrincipalOptions {
  readonly principal: string;
  readonly retries: number;
}

const RETRIES = 10;

/** Adds `--principal`, without a default when it decides whether a principal is asked at all, and `--retries`. */
export function addPrincipalOptions(command: Command, description: string, url?: string): Command {
  return command
    .addOption(new Option('--principal <url>', description).argParser(parseUrl).default(url))
    .option(
      '--retries <n>',
      'how often a principal that does not answer is asked again, with ever longer pauses',
      parseRetries,
      RETRIES,
    );
}

/** How the principal is asked: each attempt that will be repeated is told of, on standard error. */
export function retriesOf({ retries }: Pick<PrincipalOptions, 'retries'>) {
  return {
    retries,
    onRetry: (attempt: number, error: Error): void =>
      console.error(style.note(`attempt ${attempt}: ${error.message}; trying again`)),
  };
}

const parseUrl = (text: string): string => parsed(httpUrl(), text);
const parseRetries = (text: string): number => parsed(integer(0, 1000), text);

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  const result = schema.safeParse(text);
  if (!result.success) throw new InvalidArgumentError(result.error.issues[0]?.message ?? '');
  return result.data;
}
