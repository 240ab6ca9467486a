import { utf8 } from '@enigma-worker/crypto';
import type { JsonObject, JsonValue } from './json/value.js';
import { JsonText } from './json/value.js';
import { INTEGER_BOUND, type JsonWriter, textBound } from './json/writer.js';
import { failedTask, messages } from './messages.js';
import { NameTable } from './json/names.js';

/** What tells requests apart: chosen by the peer, echoed as it came. A bigint only beyond 2^53. */
export type RequestId = string | number | bigint;

const ID = utf8('{"id":');
const TYPE = utf8(',"type":');
const NULL = utf8('null');
const CLOSE = 0x7d;

/** The field names of every message, which the reader keeps. */
export const KNOWN_NAMES = new NameTable([
  'id',
  'type',
  'msg',
  ...failedTask.names,
  ...Object.values(messages).flatMap(({ request, reply }) => [...request.names, ...reply.names]),
]);

/** The id of a message, `null` when it has none that can be echoed. */
export function readId(message: JsonObject): RequestId | null {
  const value = message.get('id');
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return readText(value) ?? null;
}

/** The text of a value, `undefined` when it is none or not UTF-8. */
export function readText(value: JsonValue | undefined): string | undefined {
  if (!(value instanceof JsonText)) return undefined;
  try {
    return value.decode();
  } catch {
    return undefined;
  }
}

/** Most bytes that {@link writeHead} and {@link writeTail} write together. */
export function headBound(id: RequestId | null, type: string): number {
  const idBound = typeof id === 'string' ? textBound(id) : idDigits(id);
  return ID.length + idBound + TYPE.length + textBound(type) + 1;
}

/** Writes `{"id":…,"type":…`. */
export function writeHead(out: JsonWriter, id: RequestId | null, type: string): void {
  out.raw(ID);
  if (id === null) out.raw(NULL);
  else if (typeof id === 'string') out.text(id);
  else out.integer(id);
  out.raw(TYPE);
  out.text(type);
}

/** Writes what closes a message. */
export function writeTail(out: JsonWriter): void {
  out.punctuation(CLOSE);
}

function idDigits(id: number | bigint | null): number {
  return typeof id === 'bigint' ? id.toString().length : INTEGER_BOUND;
}
