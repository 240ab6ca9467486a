import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { flagOf, variableOf, type Settings, type SettingValues } from './settings.js';

/** The names under which a config file is looked for in the working folder. */
export const CONFIG_FILES = ['enigma.config.ts', 'enigma.config.js', 'enigma.config.json'] as const;

/** The sections of a config file, one for each command that has settings. */
export const SECTION_NAMES = ['core', 'principal', 'gateway', 'client'] as const;

const RESEAL = ['toSealing', 'toSealingKeyFile', 'toPassphraseFile'];

/** Settings that tools look for in the section of their server, which has no use for them itself. */
export const TOOL_SETTINGS: Readonly<Record<string, readonly string[]>> = {
  core: ['interval', ...RESEAL],
  principal: ['backupPassphraseFile', ...RESEAL],
};

/** Where the value of a setting came from, the weakest first. */
export type Origin = 'default' | 'file' | 'environment' | 'flag';

/** Settings with their values and where each came from. */
export interface Loaded<S extends Settings> {
  readonly values: SettingValues<S>;
  readonly origins: Readonly<Record<string, Origin>>;
}

/** What settings are read from. */
export interface Sources {
  /** The options that commander parsed. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: NodeJS.ProcessEnv;
  /** The whole config file, or an empty object. */
  readonly file: Readonly<Record<string, unknown>>;
  /** Takes settings that are needed and not given as undefined: for looking at what is there. */
  readonly partial?: boolean;
}

/**
 * Reads the config file: the one named, or the first of {@link CONFIG_FILES} in the working folder.
 * @throws UsageError when it cannot be read, does not hold an object, or has a section that there is not
 */
export async function readConfigFile(path?: string): Promise<Readonly<Record<string, unknown>>> {
  const found = path ?? CONFIG_FILES.find((name) => existsSync(name));
  if (found === undefined) return {};
  const file = resolve(found);
  let content: unknown;
  try {
    content = file.endsWith('.json') ? JSON.parse(readFileSync(file, 'utf8')) : await importConfig(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    throw new UsageError(`config file ${file}: ${reason}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(`config file ${file}: expected an object with a section for each command`);
  }
  const unknown = Object.keys(content).filter((name) => !KNOWN_KEYS.has(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `config file ${file}: there is no section ${unknown.map((name) => JSON.stringify(name)).join(', ')}; it takes ${SECTION_NAMES.join(', ')}`,
    );
  }
  return content as Record<string, unknown>;
}

/** Editors look for a `$schema`. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([...SECTION_NAMES, '$schema']);

/**
 * Variables that look like settings of a section and are none. They are not refused, since some machines make such
 * variables by themselves (`ENIGMA_CORE_SERVICE_HOST`), but whoever misspelt one is to be told.
 */
export function unknownVariables(
  section: string,
  settings: Settings,
  environment: NodeJS.ProcessEnv,
): readonly string[] {
  const names = [...Object.keys(settings), ...(TOOL_SETTINGS[section] ?? [])];
  const known = new Set(names.map((name) => variableOf(section, name)));
  const prefix = variableOf(section, '');
  return Object.keys(environment).filter((name) => name.startsWith(prefix) && !known.has(name));
}

async function importConfig(file: string): Promise<unknown> {
  const { tsImport } = await import('tsx/esm/api');
  const module = (await tsImport(pathToFileURL(file).href, import.meta.url)) as {
    readonly default?: unknown;
  };
  // In a folder whose package is CommonJS the file becomes that too, and its exports our default.
  const { default: content } = module;
  const isCommonJs = typeof content === 'object' && content !== null && '__esModule' in content;
  return isCommonJs ? (content as { readonly default?: unknown }).default : content;
}

/**
 * The settings of a command: flags are stronger than the environment, that than the file, that than defaults.
 * @throws UsageError naming every value that does not fit and where it came from
 */
export function load<S extends Settings>(section: string, settings: S, sources: Sources): Loaded<S> {
  const fromFile = sectionOf(section, settings, sources.file);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const problems: string[] = [];
  for (const [name, setting] of Object.entries(settings)) {
    const variable = variableOf(section, name);
    // Files of variables name what they leave empty.
    const fromEnvironment = sources.environment[variable] === '' ? undefined : sources.environment[variable];
    const candidates: readonly (readonly [Origin, string, unknown])[] = [
      ['flag', flagOf(name), sources.flags[name]],
      ['environment', variable, fromEnvironment],
      ['file', `${section}.${name} in the config file`, fromFile[name]],
      ['default', flagOf(name), undefined],
    ];
    const [origin, label, raw] = candidates.find(
      ([kind, , value]) => kind === 'default' || value !== undefined,
    )!;
    const parsed = setting.schema.safeParse(raw);
    if (parsed.success || (raw === undefined && sources.partial === true)) {
      values[name] = parsed.data;
      origins[name] = origin;
    } else {
      problems.push(
        raw === undefined
          ? `${label} (or ${variable}) is needed`
          : `${label}: ${z.prettifyError(parsed.error).replace(/^✖ (?:Invalid (?:input|option): )?/, '')}`,
      );
    }
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return { values: values as SettingValues<S>, origins };
}

function sectionOf(
  section: string,
  settings: Settings,
  file: Sources['file'],
): Readonly<Record<string, unknown>> {
  const found = file[section];
  if (found === undefined) return {};
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new UsageError(`config file: ${section}: expected an object`);
  }
  const ofTools = TOOL_SETTINGS[section] ?? [];
  const unknown = Object.keys(found).filter(
    (name) => !Object.hasOwn(settings, name) && !ofTools.includes(name),
  );
  if (unknown.length > 0) {
    throw new UsageError(
      `config file: ${section} has no ${unknown.map((name) => JSON.stringify(name)).join(', ')}; it takes ${Object.keys(settings).join(', ')}`,
    );
  }
  return found as Record<string, unknown>;
}
