import { JsonList, JsonObject, JsonText, type JsonValue } from '../json/value.js';
import { hexBound } from '../json/writer.js';
import { readBase64 } from './base64.js';
import { readBytes } from './bytes.js';
import type { Codec, ReadContext } from './codec.js';
import { readHexText } from './hex-text.js';
import { list } from './list.js';

/** Reads `null` or an absent field as a given value; for replies of peers that leave out what is empty. */
export function withDefault<T>(codec: Codec<T>, fallback: T): Codec<T> {
  return {
    ...codec,
    read: (value, context) => (value === undefined || value === null ? fallback : codec.read(value, context)),
  };
}

/** A list of objects in which the deployed workers put `{"key":0}` for nothing at all; those are left out. */
export function listWithoutPlaceholders<T>(item: Codec<T>): Codec<readonly T[]> {
  const all = list(item);
  return {
    ...all,
    read: (value, context) =>
      all.read(value instanceof JsonList ? withoutPlaceholders(value) : value, context),
  };
}

function withoutPlaceholders(list: JsonList): JsonList {
  const kept = new JsonList();
  for (const item of list.items) if (!isPlaceholder(item)) kept.items.push(item);
  kept.length = list.length - (list.items.length - kept.items.length);
  return kept;
}

function isPlaceholder(item: JsonValue): boolean {
  return item instanceof JsonObject && item.get('address') === undefined && item.get('data') === undefined;
}

/** A byte string that attestation services give as base64 and the deployed workers pass on as it is. */
export const hexOrBase64: Codec<Uint8Array> = {
  names: [],
  read: (value, context) => readAnyText(value, context),
  bound: hexBound,
  write: (value, out) => out.hex(value),
};

function readAnyText(value: JsonValue | undefined, context: ReadContext): Uint8Array {
  if (value instanceof JsonText && typeof readHexText(value) === 'string') {
    const bytes = readBase64(value);
    if (bytes !== undefined) return bytes;
  }
  return readBytes(value, context, {});
}
