import { CompileError } from '../errors.js';
import type { ReadSource } from '../read-source.js';
import { parseSource, type SourceFile } from './source-file.js';

/** All files a contract is made of, by path without `.ts`; the library is not among them. */
export type Sources = ReadonlyMap<string, SourceFile>;

/** Reads the entry and everything it imports by a relative path. */
export async function loadSources(entry: string, read: ReadSource): Promise<Sources> {
  const sources = new Map<string, SourceFile>();
  const open = [entry.replace(/\.ts$/, '')];
  for (let asked = open.pop(); asked !== undefined; asked = open.pop()) {
    if (sources.has(asked) || sources.has(`${asked}/index`)) continue;
    let path = asked;
    let text = await read(`${path}.ts`);
    if (text === undefined) {
      path = `${asked}/index`;
      text = await read(`${path}.ts`);
    }
    if (text === undefined) {
      if (sources.size === 0) throw new CompileError('NOT_FOUND', `there is no file ${asked}.ts`);
      continue; // the compiler reports what cannot be imported, and where
    }
    const file = parseSource(path, text);
    sources.set(path, file);
    for (const dependency of file.dependencies) {
      const resolved = resolveImport(path, dependency);
      if (resolved !== undefined) open.push(resolved);
    }
  }
  return sources;
}

/** The path of a file that another one imports; `undefined` for a package. */
export function resolveImport(from: string, written: string): string | undefined {
  if (!written.startsWith('.')) return undefined;
  const parts = from.split('/').slice(0, -1);
  for (const part of written.replace(/\.ts$/, '').split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
