import { isNumber, JsonList, type JsonValue } from '../json/value.js';
import { COMMA, type JsonWriter } from '../json/writer.js';
import type { Codec, ReadContext } from './codec.js';

const OPEN = 0x5b;
const CLOSE = 0x5d;

/** A list of items of one kind. */
export function list<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    names: item.names,
    read: (value, context) => readList(item, value, context),
    bound: (values) => listBound(item, values),
    write: (values, out) => writeList(item, values, out),
  };
}

function readList<T>(item: Codec<T>, value: JsonValue | undefined, context: ReadContext): T[] {
  const items = itemsOf(value);
  if (items === undefined) throw context.invalid('a list', value);
  const length = value instanceof JsonList ? value.length : items.length;
  if (length > context.limits.listItems) {
    throw context.tooLarge(`at most ${context.limits.listItems} items`, `${length}`);
  }
  const target: T[] = [];
  for (let i = 0; i < items.length; i++) {
    context.enter(i);
    target.push(item.read(items[i], context));
    context.leave();
  }
  return target;
}

/** The reader cannot tell an empty list, or one of small integers, from a byte string. */
function itemsOf(value: JsonValue | undefined): ArrayLike<JsonValue> | undefined {
  if (value instanceof JsonList) return value.items;
  return value instanceof Uint8Array ? value : undefined;
}

function listBound<T>(item: Codec<T>, values: readonly T[]): number {
  let bound = 2 + values.length;
  for (const value of values) bound += item.bound(value);
  return bound;
}

function writeList<T>(item: Codec<T>, values: readonly T[], out: JsonWriter): void {
  out.punctuation(OPEN);
  for (let i = 0; i < values.length; i++) {
    if (i > 0) out.punctuation(COMMA);
    item.write(values[i]!, out);
  }
  out.punctuation(CLOSE);
}

/**
 * A value that some peers put into a list of one.
 * @param inList the dialect that writes the list; `undefined` when none does
 */
export function alone<T>(item: Codec<T>, inList?: JsonWriter['dialect']): Codec<T> {
  return {
    names: item.names,
    read(value, context) {
      // A list of numbers is what they mean, with one that is no byte among them.
      if (!(value instanceof JsonList) || isNumber(value.items[0])) return item.read(value, context);
      if (value.length !== 1) throw context.invalid('one item', value);
      context.enter(0);
      const only = item.read(value.items[0], context);
      context.leave();
      return only;
    },
    bound: (value) => 2 + item.bound(value),
    write(value, out) {
      const wrapped = out.dialect === inList;
      if (wrapped) out.punctuation(OPEN);
      item.write(value, out);
      if (wrapped) out.punctuation(CLOSE);
    },
  };
}
