import type { Command } from 'commander';
import { z } from 'zod';

/** One setting: what it is called on the command line, in the environment and in the config file, and what it takes. */
export interface Setting<T = unknown> {
  /** What the command line calls its value, for example `n`; absent for a switch. */
  readonly value?: string;
  readonly description: string;
  /** Converts and checks a text, or a value of the config file. */
  readonly schema: z.ZodType<T>;
  /** Never printed by `enigma config print`. */
  readonly secret?: boolean;
}

/** The settings of one command by their camel-case names. */
export type Settings = Readonly<Record<string, Setting>>;

/** The values of settings after conversion. */
export type SettingValues<S extends Settings> = { readonly [K in keyof S]: z.output<S[K]['schema']> };

/** `dataDir` → `--data-dir`. */
export function flagOf(name: string): string {
  return `--${kebab(name)}`;
}

/** `core`, `dataDir` → `ENIGMA_CORE_DATA_DIR`. */
export function variableOf(section: string, name: string): string {
  return `ENIGMA_${kebab(section)}_${kebab(name)}`.replaceAll('-', '_').toUpperCase();
}

/** Adds a flag for each setting to a command. Values are left as texts: they are converted with all others. */
export function addFlags(command: Command, settings: Settings): Command {
  for (const [name, { value, description }] of Object.entries(settings)) {
    command.option(value === undefined ? flagOf(name) : `${flagOf(name)} <${value}>`, description);
  }
  return command;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A whole number in a range, from a number or a text. */
export function integer(minimum: number, maximum: number) {
  const error = `expected a whole number from ${minimum} to ${maximum}`;
  const number = z.number({ error }).int({ error }).min(minimum, { error }).max(maximum, { error });
  // No coercion: it takes what is empty for zero.
  const text = z.string().regex(/^\s*-?\d+\s*$/);
  return z.union([number, text.transform(Number).pipe(number)], { error });
}

/** A switch, from a boolean or one of the texts `true`, `false`, `1`, `0`. */
export function flag() {
  return z.union(
    [z.boolean(), z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1')],
    { error: 'expected true or false' },
  );
}

/** A list, from a list or a text with commas. */
export function list() {
  return z.union(
    [
      z.array(z.string()),
      z.string().transform((text) =>
        text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      ),
    ],
    { error: 'expected a list of texts, or a text with commas' },
  );
}

/** The origin of web pages, as browsers send it: what they would write otherwise is never the same text. */
export function origin() {
  return z.string().transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
    if (isOrigin) return url.origin;
    const message = `expected origins such as https://app.example, got ${JSON.stringify(text.slice(0, 80))}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** The address of an HTTP server, without user and password: a URL is shown and logged. */
export function httpUrl() {
  return z
    .url({ protocol: /^https?$/, error: 'expected http://host:port or https://host', abort: true })
    .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
      error: 'expected an address without user and password',
    });
}

/** An Ethereum-style address of 20 bytes in hex. */
export function address() {
  return z.string().regex(/^(0x)?[0-9a-fA-F]{40}$/, 'expected 40 hex digits, with or without 0x');
}
