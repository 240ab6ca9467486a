import { readFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';
import { buildContract } from './internals.js';

const sources = new URL('../../fixtures/kernels/', import.meta.url);

/** Compiles a kernel, a contract in AssemblyScript, to exe code. */
export async function kernel(name: string): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const { error } = await asc.main(
    // Contracts have no start function and import nothing but host functions: hence these two options.
    [
      `${name}.ts`,
      '-O3',
      '--runtime',
      'minimal',
      '--noAssert',
      '--use',
      'abort=',
      '--outFile',
      'kernel.wasm',
    ],
    {
      readFile: (file) => readFile(new URL(file, sources), 'utf8').catch(() => null),
      writeFile: (file, contents) => {
        if (file === 'kernel.wasm' && typeof contents !== 'string') output = contents;
      },
      listFiles: () => [],
    },
  );
  if (output === undefined) throw new Error(`${name} does not compile`, { cause: error });
  return buildContract(output).exe;
}
