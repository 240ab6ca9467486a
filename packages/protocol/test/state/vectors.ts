import { readFileSync } from 'node:fs';

interface Vector {
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A known answer with its fields read as texts. */
export interface TextVector {
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The known answers of a file in test/vectors. */
export function loadVectors(file: string): readonly Vector[] {
  const text = readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8');
  return JSON.parse(text) as Vector[];
}

/** Those whose name begins with `prefix`; the caller knows that their fields are texts. */
export function textVectors(file: string, prefix: string): readonly TextVector[] {
  const vectors = loadVectors(file).filter((vector) => vector.name.startsWith(prefix));
  if (vectors.length === 0) throw new Error(`no known answer begins with ${prefix}`);
  return vectors as unknown as readonly TextVector[];
}
