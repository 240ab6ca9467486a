import { readFileSync } from 'node:fs';

/** What a manifest says, its dotted keys as they stand there. */
export type Manifest = ReadonlyMap<string, ManifestValue>;

export type ManifestValue =
  string | boolean | number | readonly ManifestValue[] | { readonly [key: string]: ManifestValue };

/** Reads a template of a Gramine manifest with the variables put in. Fails on what is not TOML, or not the part of it that we use. */
export function readManifest(name: string, variables: Readonly<Record<string, string>>): Manifest {
  const template = readFileSync(
    new URL(`../../deploy/gramine/${name}.manifest.template`, import.meta.url),
    'utf8',
  );
  const text = template.replaceAll(/\{\{ (.+?) \}\}/g, (_, variable: string) => {
    const value = variables[variable];
    if (value === undefined) throw new Error(`${name}: no value for ${variable}`);
    return value;
  });
  return new Parser(text).all();
}

/** The subset of TOML 1.0 that our manifests are written in. */
class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  all(): Manifest {
    const found = new Map<string, ManifestValue>();
    for (this.#blank(true); this.#at < this.#text.length; this.#blank(true)) {
      const [key, value] = this.#pair();
      if (found.has(key)) this.#fail(`${key} stands twice`);
      found.set(key, value);
      this.#blank(false);
      if (this.#at < this.#text.length) this.#take(/\n/y, 'an end of line');
    }
    return found;
  }

  #pair(): [string, ManifestValue] {
    const key = this.#take(/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*/y, 'a key');
    this.#take(/[ \t]*=[ \t]*/y, '=');
    return [key, this.#value()];
  }

  #value(): ManifestValue {
    const next = this.#text[this.#at];
    if (next === '"') return JSON.parse(this.#take(/"([^"\\\n]|\\["\\])*"/y, 'a string')) as string;
    if (next === '[') return this.#list();
    if (next === '{') return this.#table();
    const word = this.#take(/true|false|\d+/y, 'a value');
    return /\d/.test(word) ? Number(word) : word === 'true';
  }

  #list(): ManifestValue[] {
    this.#take(/\[/y, '[');
    const items: ManifestValue[] = [];
    for (this.#blank(true); this.#text[this.#at] !== ']'; this.#blank(true)) {
      items.push(this.#value());
      this.#blank(true);
      if (this.#text[this.#at] !== ']') this.#take(/,/y, ',');
    }
    this.#take(/\]/y, ']');
    return items;
  }

  /** On one line, without a comma at its end: TOML allows no other. */
  #table(): { readonly [key: string]: ManifestValue } {
    this.#take(/\{[ \t]*/y, '{');
    const pairs = [this.#pair()];
    while (this.#text[this.#at] === ',') {
      this.#take(/,[ \t]*/y, ',');
      pairs.push(this.#pair());
    }
    this.#take(/[ \t]*\}/y, '}');
    return Object.fromEntries(pairs);
  }

  #blank(withLines: boolean): void {
    this.#take(withLines ? /(\s|#[^\n]*)*/y : /[ \t]*(#[^\n]*)?/y, 'blank');
  }

  #take(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return this.#fail(`expected ${what}`);
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #fail(problem: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    throw new Error(`manifest, line ${line}: ${problem}`);
  }
}
