import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { CommandError, UsageError } from '../errors.js';
import { style } from '../output/style.js';
import { VERSION } from '../version.js';

const TEMPLATE = fileURLToPath(new URL('../../template', import.meta.url));

/** What the new contract imports: a class of the same name would stand in its place. */
const IMPORTED: ReadonlySet<string> = new Set(['Bytes32', 'StateMap']);

/** `enigma contract new NAME`: a contract with a test, ready to run. */
export function newCommand(): Command {
  return new Command('new')
    .description('begin a contract: a folder with a contract, its test, and nothing else to know')
    .argument('<name>', 'name of the folder and the contract, for example piggy-bank')
    .action(async (path: string) => {
      const folder = resolve(path);
      const names = namesOf(basename(folder));
      if (existsSync(folder) && readdirSync(folder).length > 0)
        throw new CommandError(`${folder} is not empty`);
      for (const entry of readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const source = join(entry.parentPath, entry.name);
        // npm leaves a .gitignore out of packages.
        const relative = source.slice(TEMPLATE.length + 1).replace(/^gitignore$/, '.gitignore');
        const target = join(folder, relative);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, fill(await readFile(source, 'utf8'), names));
      }
      const shown = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
      const steps = [`cd ${shown}`, ...(isInstalledFor(folder) ? [] : ['npm install']), 'npm test'];
      console.log(`${style.good('made')} ${folder}\n\n${steps.map((step) => `  ${step}`).join('\n')}`);
    });
}

/** Whether npm finds this command from a folder: in a clone it does, everywhere below. */
function isInstalledFor(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules', '@enigma-worker', 'cli'))) return true;
  const above = dirname(folder);
  return above !== folder && isInstalledFor(above);
}

function namesOf(name: string): Readonly<Record<string, string>> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new UsageError(
      `name: expected lower-case words joined by hyphens, such as piggy-bank, got ${JSON.stringify(name)}`,
    );
  }
  const className = name.replace(/(^|-)([a-z0-9])/g, (_match, _hyphen, letter: string) =>
    letter.toUpperCase(),
  );
  if (IMPORTED.has(className))
    throw new UsageError(`name: ${className} is a type that contracts use: choose another`);
  const variable = className.charAt(0).toLowerCase() + className.slice(1);
  // The file name that the compiler derives from the class.
  const file = className.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return { name, class: className, variable, file, version: VERSION };
}

function fill(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_match, key: string) => names[key] ?? '');
}
