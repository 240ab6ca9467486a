import { type CompiledContract, compileContract, type CompileOptions } from '@enigma-worker/contract';

/** Compiles a contract from a text. */
export async function compileText(text: string, options: CompileOptions = {}): Promise<CompiledContract> {
  return await compileContract('contract.ts', {
    read: async (path) => (path === 'contract.ts' ? text : undefined),
    ...options,
  });
}
