import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompiledContract } from './compile.js';

/** What a compiled contract is kept as, by file name. */
export type Artifacts = ReadonlyMap<string, Uint8Array | string>;

/**
 * The files of a compiled contract `Name`: `name.wasm`, which is deployed; `name.json`, its interface and docs in the form of
 * Solidity's tools; and `name.abi.ts`, the interface as a constant from which TypeScript infers calls.
 */
export function artifactsOf(contract: CompiledContract): Artifacts {
  const file = fileName(contract.name);
  const json = { contractName: contract.name, abi: contract.abi, devdoc: contract.docs };
  return new Map<string, Uint8Array | string>([
    [`${file}.wasm`, contract.wasm],
    [`${file}.json`, `${JSON.stringify(json, undefined, 2)}\n`],
    [`${file}.abi.ts`, abiModule(contract)],
  ]);
}

/** Writes the files of {@link artifactsOf} into a directory, which is made if need be. */
export async function writeArtifacts(contract: CompiledContract, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, content] of artifactsOf(contract)) await writeFile(join(directory, name), content);
}

/** `SealedAuction` is kept in `sealed-auction`. */
function fileName(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

function abiModule(contract: CompiledContract): string {
  const constant = `${contract.name.charAt(0).toLowerCase()}${contract.name.slice(1)}Abi`;
  const about =
    contract.docs.details?.replaceAll('*/', '* /') ?? `Interface of the contract ${contract.name}.`;
  return `/** ${about} */\nexport const ${constant} = ${JSON.stringify(contract.abi, undefined, 2)} as const;\n`;
}
