import { CompileError } from './errors.js';
import { placeOf } from './transform/source-file.js';
import type { Sources } from './transform/sources.js';

/** What a worker gives to a contract: docs/protocol.md, "Host functions". */
const HOST_FUNCTIONS: ReadonlySet<string> = new Set([
  'ret',
  'write_state',
  'read_state_len',
  'read_state',
  'remove_from_state',
  'eprint',
  'fetch_function_name_length',
  'fetch_function_name',
  'fetch_args_length',
  'fetch_args',
  'write_eth_bridge',
  'gas',
  'rand',
  'encrypt',
  'decrypt',
]);

/** The part of the global `WebAssembly` that is used here: types for Node do not have it. */
interface ModuleConstructor {
  new (bytes: Uint8Array): object;
  imports(module: object): { readonly module: string; readonly name: string; readonly kind: string }[];
}

const { Module } = (globalThis as unknown as { readonly WebAssembly: { readonly Module: ModuleConstructor } })
  .WebAssembly;

/**
 * Refuses a module that imports what no worker gives: it would compile, and could not be deployed. Parts of AssemblyScript's own
 * library do so, and are said by the names that a contract knows them by.
 *
 * @throws {@link CompileError} that says where the name stands first
 */
export function checkImports(wasm: Uint8Array, sources: Sources): void {
  for (const item of Module.imports(new Module(wasm))) {
    if (item.module === 'env' && item.kind === 'function' && HOST_FUNCTIONS.has(item.name)) continue;
    const used = item.name === 'seed' ? 'Math.random' : item.name;
    throw new CompileError(
      'SOURCE',
      `\`${used}\` is nothing that a worker has${adviceOn(used)}`,
      find(used, sources),
    );
  }
}

function adviceOn(used: string): string {
  if (/^(console\.|trace$)/.test(used)) return ': use `print`';
  if (/^(Math\.random|crypto\.)/.test(used)) return ': use `random`';
  if (/\.(now|hrtime)$/.test(used)) return ': a contract has no clock, so let callers give the time';
  return '';
}

/** Where a dotted name stands first, outside of comments and texts. */
function find(used: string, sources: Sources): CompileError['position'] {
  const name = used.split('.').join(String.raw`\s*\.\s*`);
  const passed = String.raw`//.*|/\*[^]*?\*/|(['"\x60])(?:\\[^]|(?!\1)[^\\])*\1`;
  const pattern = new RegExp(String.raw`${passed}|\b(${name})\b`, 'g');
  for (const file of sources.values()) {
    const match = [...file.text.matchAll(pattern)].find((candidate) => candidate[2] !== undefined);
    if (match) return { file: `${file.path}.ts`, ...placeOf(file.text, match.index) };
  }
  return undefined;
}
