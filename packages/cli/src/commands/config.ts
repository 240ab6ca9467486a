import { Command } from 'commander';
import { z } from 'zod';
import { CONFIG_FILES, load, readConfigFile, SECTION_NAMES, unknownVariables } from '../config/load.js';
import { SECTIONS, TOOL_SECTIONS } from '../config/sections.js';
import { flagOf, variableOf, type Settings } from '../config/settings.js';
import { UsageError } from '../errors.js';
import { fields, style, toJson } from '../output/style.js';

/** `enigma config`. */
export function configCommand(): Command {
  return new Command('config')
    .description('show what settings are in force, and what a config file may hold')
    .addCommand(printCommand())
    .addCommand(schemaCommand());
}

function printCommand(): Command {
  const command = new Command('print')
    .description('print the settings that a command would run with here, and where each comes from')
    .argument('[section]', `${SECTION_NAMES.join(', ')}; all of them when absent`)
    .option('--json', 'print JSON')
    .action(async (section: string | undefined, { json }: { json?: boolean }) => {
      const file = await readConfigFile(command.optsWithGlobals<{ config?: string }>().config);
      const chosen = section === undefined ? SECTION_NAMES : [section];
      const shown = chosen.map((name) => [name, inForce(name, settingsOf(name), file)] as const);
      for (const name of chosen.flatMap((each) => unknownVariables(each, settingsOf(each), process.env)))
        console.error(style.bad(`${name} is no setting and has no effect`));
      console.log(
        json === true
          ? toJson(Object.fromEntries(shown))
          : shown.map(([name, rows]) => table(name, rows)).join('\n\n'),
      );
    });
  return command;
}

interface InForce {
  readonly value: unknown;
  readonly from: string;
}

/** Settings that are needed and not given are shown as missing: printing must work everywhere. */
function inForce(
  section: string,
  settings: Settings,
  file: Readonly<Record<string, unknown>>,
): Readonly<Record<string, InForce>> {
  const sources = { flags: {}, environment: process.env, file, partial: true };
  const { values, origins } = load(section, settings, sources);
  return Object.fromEntries(
    Object.keys(settings).map((name) => [name, { value: values[name] ?? null, from: origins[name]! }]),
  );
}

function table(section: string, rows: Readonly<Record<string, InForce>>): string {
  const lines = Object.entries(rows).map(([name, { value, from }]) => {
    const text = value === null ? style.note('–') : typeof value === 'string' ? value : JSON.stringify(value);
    return [
      name,
      `${text}  ${style.note(from === 'environment' ? variableOf(section, name) : from)}`,
    ] as const;
  });
  return `${style.title(section)}\n${fields(lines)}`;
}

function schemaCommand(): Command {
  return new Command('schema')
    .description(`print the JSON schema of ${CONFIG_FILES.join(', ')}`)
    .action(() => {
      const properties = Object.fromEntries(
        SECTION_NAMES.map((name) => [
          name,
          sectionSchema(name, { ...SECTIONS[name], ...TOOL_SECTIONS[name] }),
        ]),
      );
      console.log(
        toJson({
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          title: 'Enigma worker',
          type: 'object',
          properties: { $schema: { type: 'string' }, ...properties },
          additionalProperties: false,
        }),
      );
    });
}

function sectionSchema(section: string, settings: Settings): object {
  const properties = Object.fromEntries(
    Object.entries(settings).map(([name, { schema, description }]) => {
      const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      return [
        name,
        { ...json, description: `${description}; ${flagOf(name)}, ${variableOf(section, name)}` },
      ];
    }),
  );
  return { type: 'object', properties, additionalProperties: false };
}

function settingsOf(section: string): Settings {
  const settings = Object.entries(SECTIONS).find(([name]) => name === section)?.[1];
  if (settings === undefined)
    throw new UsageError(`no section ${JSON.stringify(section)}; there are ${SECTION_NAMES.join(', ')}`);
  return settings;
}
