import { join } from 'node:path';
import { main as asc, type Transform } from 'assemblyscript/asc';
import { noteCallSites } from './call-sites.js';
import { refuseAmbiguousConditions } from './conditions.js';
import { CompileError } from './errors.js';
import { hashByValue } from './hashes.js';
import { type Report, reportOf, toBeMended } from './reports.js';
import { DATA_END_EXPORT, prepareEntries, RESERVE_EXPORT, START_EXPORT } from './start.js';
import { refuseThrowsWithoutText } from './throws.js';
import { CALL, DEPLOY } from './transform/contract-class.js';
import type { ExpandedContract } from './transform/expand.js';
import { isError } from './transform/source-file.js';

/** What the AssemblyScript compiler is given. */
export interface AssembleInput {
  readonly expanded: ExpandedContract;
  /** Where this package is, with its `assembly` folder. */
  readonly packageDirectory: string;
  /** Where the contract's files are. */
  readonly sourceDirectory: string;
  readonly features: 'current' | 'mvp';
  readonly optimize: boolean;
  read(path: string): Promise<string | undefined>;
}

const ENTRY = '__entry';
const RUNTIME = 'assembly/runtime/index';
const PACKAGE_NAME = '@enigma-worker/contract';
const OUTPUT = 'contract.wasm';

/** The room that `runtime/arena.ts` leaves for the code at deployment. */
const MAX_CODE = 1 << 20;

const OPTIONS = [
  '--outFile',
  OUTPUT,
  '--runtime',
  `~${RUNTIME}`,
  '--use',
  `abort=~lib/${PACKAGE_NAME}/assembly/revert/abort`,
  // Every worker gives a contract these pages, whatever it declares.
  '--initialMemory',
  '120',
  '--maximumMemory',
  '128',
  '--exportStart',
  START_EXPORT,
];

const OPTIMIZE = ['--optimizeLevel', '3', '--shrinkLevel', '1'];

const MVP = ['--disable', 'bulk-memory', '--disable', 'sign-extension', '--disable', 'nontrapping-f2i'];

/**
 * Changes the compiler needs. Keys of maps are found by value. The runtime is an arena without a collector, and a runtime of one's own counts as a collected one
 * that keeps its roots on a stack in memory: this says that there is none.
 *
 * A class of its own for each run, because the compiler puts the program onto its prototype.
 */
function createTransform(): Transform {
  const transform = class implements Partial<Transform> {
    declare readonly program: Transform['program'];
    declare readonly binaryen: Transform['binaryen'];

    afterParse(): void {
      const options: { runtime: number; stackSize: number } = this.program.options;
      options.runtime = 0;
      options.stackSize = 0;
      this.program.module.useShadowStack = false;
      hashByValue(this.program);
    }

    afterCompile(module: Parameters<NonNullable<Transform['afterCompile']>>[0]): void {
      prepareEntries(this.binaryen, module);
    }
  };
  // The compiler takes the class and makes the object, though its types say otherwise.
  return transform as unknown as Transform;
}

/** Compiles plain AssemblyScript to a module that exports `deploy` and `call`. */
export async function assemble(input: AssembleInput): Promise<Uint8Array> {
  refuseAmbiguousConditions();
  refuseThrowsWithoutText();
  noteCallSites();
  let wasm: Uint8Array | undefined;
  const chosen = [...(input.optimize ? OPTIMIZE : []), ...(input.features === 'mvp' ? MVP : [])];
  const reports: Report[] = [];
  const { error } = await asc([`${ENTRY}.ts`, '--baseDir', input.sourceDirectory, ...OPTIONS, ...chosen], {
    transforms: [createTransform()],
    readFile: (name) => readFor(input, name),
    writeFile: (name, contents) => {
      if (name === OUTPUT) wasm = contents as Uint8Array;
    },
    listFiles: () => [],
    stderr: { write: () => undefined },
    reportDiagnostic: (diagnostic) => {
      if (isError(diagnostic)) reports.push(reportOf(diagnostic, input.expanded.texts));
    },
  });
  const refused = CompileError.ofAll(toBeMended(reports));
  if (refused) throw refused;
  if (error || !wasm) throw new CompileError('COMPILER', String(error));
  if (wasm.length > MAX_CODE) {
    throw new CompileError('SOURCE', `the contract has ${wasm.length} bytes; the most are ${MAX_CODE}`);
  }
  return wasm;
}

/** Finds what the compiler asks for: the entry made here, the library, the expanded contract, or a package of the author. */
async function readFor(input: AssembleInput, name: string): Promise<string | null> {
  const path = name.replaceAll('\\', '/');
  if (path === `${ENTRY}.ts`) {
    return (
      `export { ${DEPLOY} as deploy, ${CALL} as call } from './${input.expanded.path}';\n` +
      `export { reserveCode as ${RESERVE_EXPORT}, dataEnd as ${DATA_END_EXPORT} } from '~lib/${PACKAGE_NAME}/assembly/runtime/arena';`
    );
  }
  if (path === `~${RUNTIME}.ts`) return `import '~lib/${PACKAGE_NAME}/assembly/runtime/arena';`;
  const library = path.split(`node_modules/${PACKAGE_NAME}/`)[1];
  if (library !== undefined) return (await input.read(join(input.packageDirectory, library))) ?? null;
  return (
    input.expanded.texts.get(path.replace(/\.ts$/, ''))?.text ??
    (await input.read(join(input.sourceDirectory, path))) ??
    null
  );
}
