import { readFileSync } from 'node:fs';

/** One known answer; which texts it has depends on its kind. */
export interface Vector {
  readonly name: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

const url = new URL('./vectors/crypto.json', import.meta.url);
const vectors = JSON.parse(readFileSync(url, 'utf8')) as readonly Vector[];

/** The known answers whose name begins like this. */
export function vectorsOf(prefix: string): readonly Vector[] {
  const found = vectors.filter(({ name }) => name.startsWith(prefix));
  if (found.length === 0) throw new Error(`no known answer begins with ${prefix}`);
  return found;
}

/** The known answer whose name begins like this. */
export function vectorOf(prefix: string): Vector {
  return vectorsOf(prefix)[0]!;
}
