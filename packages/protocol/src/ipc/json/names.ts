import { utf8 } from '@enigma-worker/crypto';

interface Known {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** What follows a backslash, and what the two mean; `u` aside. */
const ESCAPED = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([letter, meaning]) => [letter.charCodeAt(0), meaning.charCodeAt(0)],
  ),
);

/**
 * The field names that any message knows; ASCII all of them. The reader looks a name up by its bytes, so that a
 * known name costs no new string and the value of an unknown one is skipped instead of kept.
 */
export class NameTable {
  private readonly buckets: Known[][] = Array.from({ length: 256 }, () => []);
  private readonly scratch: Uint8Array;

  constructor(names: Iterable<string>) {
    let longest = 0;
    for (const name of new Set(names)) {
      const bytes = utf8(name);
      this.buckets[bucketOf(bytes, 0, bytes.length)]!.push({ name, bytes });
      longest = Math.max(longest, bytes.length);
    }
    this.scratch = new Uint8Array(longest);
  }

  /** The known name that stands at `start`…`end` of a frame. */
  find(source: Uint8Array, start: number, end: number): string | undefined {
    for (const known of this.buckets[bucketOf(source, start, end)]!) {
      if (matches(known.bytes, source, start, end)) return known.name;
    }
    return undefined;
  }

  /** As {@link NameTable.find}, for a name with (valid) escapes in it. */
  findEscaped(source: Uint8Array, start: number, end: number): string | undefined {
    const { scratch } = this;
    let length = 0;
    for (let at = start; at < end; length++) {
      if (length === scratch.length) return undefined;
      let code = source[at]!;
      if (code !== BACKSLASH) {
        at++;
      } else if (source[at + 1] === LOWER_U) {
        code = codeUnitAt(source, at + 2);
        at += 6;
      } else {
        code = ESCAPED.get(source[at + 1]!)!;
        at += 2;
      }
      if (code >= 0x80) return undefined;
      scratch[length] = code;
    }
    return this.find(scratch, 0, length);
  }
}

/** The value of four hex digits. */
function codeUnitAt(source: Uint8Array, start: number): number {
  let value = 0;
  for (let at = start; at < start + 4; at++) {
    const code = source[at]!;
    // Letters follow on 9 if their low bits, which count from 1, are moved up by 9.
    value = value * 16 + (code & 0x0f) + (code >= 0x41 ? 9 : 0);
  }
  return value;
}

function bucketOf(source: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  return (end - start + 7 * source[start]! + 31 * source[end - 1]!) & 0xff;
}

function matches(name: Uint8Array, source: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== source[start + i]) return false;
  return true;
}
