import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lengthPrefixed, sha256, utf8 } from '@enigma-worker/crypto';

/** What a worker runs of ours. */
export const PACKAGES = ['attestation', 'core', 'crypto', 'host', 'protocol'] as const;

/**
 * SHA-256 over the worker's own code: core and the packages of ours that it stands on, in the order
 * `attestation, core, crypto, host, protocol`; for each its name, then for each of its `.js` files, ordered by
 * path, the path and the SHA-256 of the content, all length-prefixed. The worker takes it of itself, so
 * it proves something only where a platform measured what takes it: docs/threat-model.md, "Report data".
 */
export async function measureWorker(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const name of PACKAGES) parts.push(utf8(name), await measureFolder(measuredFolder(name)));
  return sha256(lengthPrefixed(...parts));
}

/** SHA-256 over the `.js` files of a folder and the folders in it. */
async function measureFolder(folder: string): Promise<Uint8Array> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  const parts: Uint8Array[] = [];
  for (const path of paths) parts.push(utf8(path), sha256(await readFile(join(folder, path))));
  return sha256(lengthPrefixed(...parts));
}

/** Where the files of a package lie that run, and no others: beside its entry, which is bundled in most. */
export function measuredFolder(name: string): string {
  return fileURLToPath(new URL('.', import.meta.resolve(`@enigma-worker/${name}`)));
}
