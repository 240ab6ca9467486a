import { fromUtf8, utf8 } from '@enigma-worker/crypto';

interface Known {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The field names that any message knows. The reader looks a name up by its bytes, so that a known name costs
 * no new string and the value of an unknown one is skipped instead of kept.
 */
export class NameTable {
  private readonly buckets: Known[][] = Array.from({ length: 256 }, () => []);

  constructor(names: Iterable<string>) {
    for (const name of new Set(names)) {
      const bytes = utf8(name);
      this.buckets[bucketOf(bytes, 0, bytes.length)]!.push({ name, bytes });
    }
  }

  /** The known name that stands at `start`…`end` of a frame. */
  find(source: Uint8Array, start: number, end: number): string | undefined {
    for (const known of this.buckets[bucketOf(source, start, end)]!) {
      if (matches(known.bytes, source, start, end)) return known.name;
    }
    return undefined;
  }

  /** As {@link NameTable.find}, for a name that was written with escapes. */
  findText(text: string): string | undefined {
    const bytes = utf8(text);
    return this.find(bytes, 0, bytes.length) === undefined ? undefined : fromUtf8(bytes);
  }
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
