import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContractAbi, ContractDocs } from './abi.js';
import { assemble } from './assemble.js';
import { checkImports } from './imports.js';
import type { ReadSource } from './read-source.js';
import { abiOf, docsOf } from './transform/abi-json.js';
import { expand } from './transform/expand.js';
import { loadSources } from './transform/sources.js';

/** A compiled contract. */
export interface CompiledContract {
  /** Name of the contract's class. */
  readonly name: string;
  /** What is deployed: exports `deploy` and `call`. */
  readonly wasm: Uint8Array;
  readonly abi: ContractAbi;
  readonly docs: ContractDocs;
  /** The files it was made of, for those who watch them. */
  readonly sources: readonly string[];
}

export interface CompileOptions {
  /** Reads a source file in place of the file system; `undefined` for one that is not there. Paths are relative to `directory`. */
  readonly read?: ReadSource;
  /**
   * `mvp` keeps to WebAssembly 1.0, for a worker that knows nothing newer. Default `current`.
   */
  readonly features?: 'current' | 'mvp';
  /** Without it a contract compiles three times as fast, and is larger and costs more gas. Default true. */
  readonly optimize?: boolean;
}

/** Where the library's own sources are: beside `dist`. */
const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Compiles a contract written in AssemblyScript.
 *
 * @param entry path of the file with the class marked `@contract`
 * @throws {@link CompileError} when the contract is wrong; its message says where
 */
export async function compileContract(
  entry: string,
  options: CompileOptions = {},
): Promise<CompiledContract> {
  const directory = dirname(resolve(entry));
  const read = options.read ?? ((path: string) => readText(join(directory, path)));
  const sources = await loadSources(basename(entry), read);
  const expanded = expand(sources);
  const wasm = await assemble({
    expanded,
    packageDirectory: PACKAGE,
    features: options.features ?? 'current',
    optimize: options.optimize ?? true,
    read: readText,
    sourceDirectory: directory,
  });
  checkImports(wasm, sources);
  return {
    name: expanded.contract.name,
    wasm,
    abi: abiOf(expanded.contract),
    docs: docsOf(expanded.contract),
    sources: [...sources.keys()].map((path) => join(directory, `${path}.ts`)),
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'EISDIR'
    )
      return undefined;
    throw error;
  }
}
