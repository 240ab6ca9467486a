/**
 * A JSON value that loses nothing: a `bigint` is a JSON integer from -2^63 to 2^64-1, a `number` is a
 * float (finite), and objects are maps, so that `__proto__` is a key like any other.
 * Source: docs/protocol.md, "State".
 */
export type Json = null | boolean | string | bigint | number | Json[] | Map<string, Json>;

/** The least and greatest JSON integers; a number outside is a float. */
export const MIN_INTEGER = -(2n ** 63n);
export const MAX_INTEGER = 2n ** 64n - 1n;

/**
 * How deep arrays and objects may nest in JSON text: what the deployed parser took (127), so that every
 * value a contract could write there can be written here. Messages have a lower limit of their own.
 */
export const MAX_JSON_DEPTH = 127;

/** How deep a whole state may nest: the object that it is, and values as deep as text may be. */
export const MAX_STATE_DEPTH = MAX_JSON_DEPTH + 1;

/** Whether arrays and objects nest at most `depth` deep in a value; a scalar has depth 0. */
export function nestsWithin(depth: number, value: Json): boolean {
  const items = Array.isArray(value) ? value : value instanceof Map ? value.values() : undefined;
  if (items === undefined) return true;
  if (depth <= 0) return false;
  for (const item of items) if (!nestsWithin(depth - 1, item)) return false;
  return true;
}

/** Orders two texts by their UTF-8 bytes: negative, zero or positive. */
export function compareKeys(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // UTF-8 puts the characters written as surrogate pairs after all others, UTF-16 does not.
    if (x >= 0xd800 && y >= 0xd800) return rank(x) - rank(y);
    return x - y;
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x2000 : unit + 0x2000;
}

/** The keys of an object in the order of their UTF-8 bytes. */
export function sortedKeys(object: ReadonlyMap<string, unknown>): string[] {
  const keys = [...object.keys()];
  for (let i = 1; i < keys.length; i++) {
    if (compareKeys(keys[i - 1]!, keys[i]!) > 0) return keys.sort(compareKeys);
  }
  return keys;
}
