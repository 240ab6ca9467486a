import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  compileContract,
  writeArtifacts,
  CompileError,
  type CompiledContract,
} from '@enigma-worker/contract';
import { CommandError } from '../errors.js';

/** A folder with a contract, as `enigma contract new` makes it. */
export interface Project {
  readonly folder: string;
  /** The file with the contract's class. */
  readonly entry: string;
  /** Where the compiled contract goes. */
  readonly output: string;
  /** The files of its tests. */
  readonly tests: readonly string[];
}

/**
 * The project of a folder.
 * @throws CommandError when it holds no contract
 */
export function openProject(folder: string, entry = join('assembly', 'contract.ts')): Project {
  const path = resolve(folder, entry);
  if (!existsSync(path)) {
    throw new CommandError(
      `no contract at ${path}; begin one with \`enigma contract new NAME\`, or name its file`,
    );
  }
  const tests = join(resolve(folder), 'test');
  const files = existsSync(tests) ? readdirSync(tests, { recursive: true, encoding: 'utf8' }) : [];
  return {
    folder: resolve(folder),
    entry: path,
    output: join(resolve(folder), 'build'),
    tests: files
      .filter((name) => /\.test\.[cm]?[jt]s$/.test(name))
      .map((name) => join(tests, name))
      .sort(),
  };
}

/**
 * Compiles a project's contract and writes what is deployed and the ABI.
 * @throws CommandError with the place of the mistake when it does not compile
 */
export async function buildProject(project: Project, optimize = true): Promise<CompiledContract> {
  try {
    const contract = await compileContract(project.entry, { optimize });
    await writeArtifacts(contract, project.output);
    return contract;
  } catch (error) {
    if (error instanceof CompileError) throw new CommandError(error.message);
    throw error;
  }
}
