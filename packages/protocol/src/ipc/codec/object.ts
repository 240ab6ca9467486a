import { utf8 } from '@enigma-worker/crypto';
import { JsonObject, type JsonValue } from '../json/value.js';
import type { JsonWriter } from '../json/writer.js';
import type { Dialect } from '../dialect.js';
import type { Codec, Infer, ReadContext } from './codec.js';

/** A field that may be absent (or `null`), and is then not written either. */
export interface OptionalField<T> extends Codec<T> {
  readonly optional: true;
  /** The one dialect in which it is read: in the other it is like a field that nobody knows. */
  readonly only: Dialect | undefined;
}

/** Makes a field of {@link object} optional. @param only see {@link OptionalField.only} */
export function optional<T>(codec: Codec<T>, only?: Dialect): OptionalField<T> {
  return { ...codec, optional: true, only };
}

type Fields = Readonly<Record<string, Codec<unknown>>>;
type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never;
}[keyof F];
type Flatten<T> = { [K in keyof T]: T[K] };

/** The object that a set of fields reads. */
export type ObjectOf<F extends Fields> = Flatten<
  { readonly [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]> } & {
    readonly [K in OptionalNames<F>]?: Infer<F[K]>;
  }
>;

/** An object codec, which can also read and write its fields as part of a larger object. */
export interface ObjectCodec<T> extends Codec<T> {
  /** Reads the fields from an object that may have others too. */
  readFields(value: JsonObject, context: ReadContext): T;
  /** Writes `,"name":value` for each field. */
  writeFields(value: T, out: JsonWriter): void;
}

interface Field {
  readonly name: string;
  readonly codec: Codec<unknown>;
  /** Whether it may be absent, and in which dialect alone it is read. */
  readonly optional: boolean;
  readonly only: Dialect | undefined;
  /** `"name":` and the same after a comma. */
  readonly opening: Uint8Array;
  readonly prefix: Uint8Array;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;

/** An object with these fields, written in this order. Others are ignored. */
export function object<F extends Fields>(fields: F): ObjectCodec<ObjectOf<F>> {
  const list = Object.entries(fields).map(([name, codec]) => fieldOf(name, codec));
  return {
    names: list.flatMap(({ name, codec }) => [name, ...codec.names]),
    read(value, context) {
      if (!(value instanceof JsonObject)) throw context.invalid('an object', value);
      return readFields(list, value, context) as ObjectOf<F>;
    },
    readFields: (value, context) => readFields(list, value, context) as ObjectOf<F>,
    bound: (value) => 2 + fieldsBound(list, value),
    write(value, out) {
      out.punctuation(OPEN);
      writeFields(list, value, out, false);
      out.punctuation(CLOSE);
    },
    writeFields: (value, out) => writeFields(list, value, out, true),
  };
}

function fieldOf(name: string, codec: Codec<unknown> | OptionalField<unknown>): Field {
  return {
    name,
    codec,
    optional: 'optional' in codec,
    only: 'only' in codec ? codec.only : undefined,
    opening: utf8(`${JSON.stringify(name)}:`),
    prefix: utf8(`,${JSON.stringify(name)}:`),
  };
}

function readFields(
  fields: readonly Field[],
  source: JsonObject,
  context: ReadContext,
): Record<string, unknown> {
  const target: Record<string, unknown> = {};
  for (const field of fields) {
    const value: JsonValue | undefined = source.get(field.name);
    if (field.optional && (value === undefined || value === null)) continue;
    if (field.only !== undefined && field.only !== context.dialect) continue;
    context.enter(field.name);
    target[field.name] = field.codec.read(value, context);
    context.leave();
  }
  return target;
}

function fieldsBound(fields: readonly Field[], value: object): number {
  const record = value as Record<string, unknown>;
  let bound = 0;
  for (const { name, codec, prefix } of fields) {
    const part = record[name];
    if (part !== undefined) bound += prefix.length + codec.bound(part);
  }
  return bound;
}

function writeFields(fields: readonly Field[], value: object, out: JsonWriter, comma: boolean): void {
  const record = value as Record<string, unknown>;
  let first = !comma;
  for (const { name, codec, opening, prefix } of fields) {
    const part = record[name];
    if (part === undefined) continue;
    out.raw(first ? opening : prefix);
    codec.write(part, out);
    first = false;
  }
}
