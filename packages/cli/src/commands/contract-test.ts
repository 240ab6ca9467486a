import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import type { CompiledContract } from '@enigma-worker/contract';
import { Command } from 'commander';
import { gasTable } from '../contract/gas-report.js';
import { buildProject, openProject, type Project } from '../contract/project.js';
import { runOnChange, type Watched } from '../contract/watch.js';
import { CommandError, isExpected } from '../errors.js';
import { style } from '../output/style.js';
import { untilStopped } from '../until-stopped.js';

/** `enigma contract test`. */
export function testCommand(): Command {
  return new Command('test')
    .description('compile the contract of this folder and run its tests on a real worker, with a gas report')
    .argument('[file]', "the file with the contract's class", 'assembly/contract.ts')
    .option('--watch', 'again on every change')
    .action(async (file: string, { watch }: { watch?: boolean }) => {
      const stop = new AbortController();
      void untilStopped().then(() => stop.abort());
      if (watch !== true) {
        if (!(await buildAndTest(file, stop.signal))) process.exitCode = stop.signal.aborted ? 130 : 1;
        return;
      }
      openProject('.', file); // where nothing is there is nothing to wait for
      let sources: readonly string[] = [];
      const again = async (): Promise<void> => {
        try {
          await buildAndTest(file, stop.signal, (contract) => (sources = contract.sources));
        } catch (error) {
          if (!isExpected(error)) throw error;
          console.error(style.bad(error.message));
        }
        console.log(style.note('\nwaiting for changes; Ctrl-C ends'));
      };
      await runOnChange(() => foldersOf(file, sources), again, stop.signal);
    });
}

/** Where a change is one of the contract or its tests. Not deep where builds are written: each would be a change. */
function foldersOf(entry: string, sources: readonly string[]): readonly Watched[] {
  const beside = dirname(resolve(entry));
  return [
    { path: beside, isDeep: relative(beside, resolve('build')).startsWith('..') },
    { path: resolve('test'), isDeep: true },
    ...sources.map((source) => ({ path: dirname(source), isDeep: false })),
  ];
}

async function buildAndTest(
  file: string,
  stop: AbortSignal,
  onBuilt: (contract: CompiledContract) => void = () => undefined,
): Promise<boolean> {
  const project = openProject('.', file);
  const contract = await buildProject(project);
  onBuilt(contract);
  console.log(`${style.good('built')} ${contract.name}: ${contract.wasm.length} bytes`);
  if (project.tests.length === 0)
    throw new CommandError(
      `no tests: expected files such as ${join(project.folder, 'test', 'contract.test.ts')}`,
    );
  const folder = await mkdtemp(join(tmpdir(), 'enigma-gas-'));
  try {
    const passed = await runTests(project, folder, stop);
    const table = gasTable(await readReports(folder));
    if (table !== '') console.log(`\n${style.title('Gas')}\n${table}`);
    return passed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runTests(project: Project, reports: string, stop: AbortSignal): Promise<boolean> {
  if (stop.aborted) return false;
  // Node's own test runner; tsx lets it read TypeScript.
  const loader = import.meta.resolve('tsx');
  const child = spawn(
    process.execPath,
    ['--import', loader, '--test', '--test-reporter=spec', ...project.tests],
    {
      cwd: project.folder,
      stdio: 'inherit',
      env: { ...process.env, ENIGMA_GAS_REPORT: join(reports, 'gas.jsonl') },
    },
  );
  // Ctrl-C reaches the child by itself; what asks only us to stop does not.
  const end = (): boolean => child.kill();
  stop.addEventListener('abort', end);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } finally {
    stop.removeEventListener('abort', end);
  }
}

async function readReports(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, 'gas.jsonl'), 'utf8');
  } catch {
    return '';
  }
}
