import { readFileSync } from 'node:fs';

/** One known answer. */
export interface Vector<Inputs, Outputs> {
  readonly name: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
}

/** The known answers of a file, as the test that reads them knows them. */
export function readVectors<Inputs, Outputs>(file: string): readonly Vector<Inputs, Outputs>[] {
  const text = readFileSync(new URL(`./vectors/${file}.json`, import.meta.url), 'utf8');
  return JSON.parse(text) as Vector<Inputs, Outputs>[];
}

/** The known answer of a name. */
export function vectorNamed<Inputs, Outputs>(file: string, name: string): Vector<Inputs, Outputs> {
  const found = readVectors<Inputs, Outputs>(file).find((vector) => vector.name.startsWith(name));
  if (found === undefined) throw new Error(`${file}.json has no known answer named ${name}`);
  return found;
}
