import type { Command } from 'commander';
import { load, readConfigFile } from './load.js';
import type { Settings, SettingValues } from './settings.js';

/**
 * The values of some settings of a section, for a command beside the one that the section is named after:
 * a tool finds the data folder where the server has it.
 * @throws UsageError naming every value that does not fit
 */
export async function settingsFrom<S extends Settings>(
  command: Command,
  section: string,
  settings: S,
): Promise<SettingValues<S>> {
  // A parent command of the same flags, such as `core` above `core reseal`, takes them before we do.
  const flags = command.optsWithGlobals<Record<string, unknown> & { config?: string }>();
  const file = only(await readConfigFile(flags.config), section, settings);
  return load(section, settings, { flags, environment: process.env, file }).values;
}

function only(
  file: Readonly<Record<string, unknown>>,
  section: string,
  settings: Settings,
): Readonly<Record<string, unknown>> {
  const found = file[section];
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return file;
  const entries = Object.entries(found).filter(([name]) => Object.hasOwn(settings, name));
  return { [section]: Object.fromEntries(entries) };
}
