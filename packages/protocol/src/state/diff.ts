import { sortedKeys, type Json } from './json.js';
import { childPointer } from './pointer.js';

/** One operation of a JSON patch (RFC 6902), of the three kinds that deltas use. */
export type Op =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/** A top-level key that was touched: its value before and after, `undefined` where there was none. */
export interface Change {
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/**
 * The operations that turn `before` into `after`: at each level first what changed within common keys,
 * then what was added, then what was removed, each in the order of the keys (bytes, or index).
 * A change between object and array, or of anything else at the root, is one `replace`.
 * Source: docs/protocol.md, "Deltas"; RFC 6902.
 */
export function diff(before: Json, after: Json): Op[] {
  const ops: Op[] = [];
  diffValues('', before, after, ops);
  return ops;
}

/**
 * The operations of {@link diff} between two whole states that are objects, made from the touched
 * top-level keys alone; keys that are absent on both sides do not matter.
 */
export function diffWrites(changes: ReadonlyMap<string, Change>): Op[] {
  const ops: Op[] = [];
  const keys = sortedKeys(changes);
  diffKeys('', keys, (key) => changes.get(key)!, ops);
  return ops;
}

function diffValues(path: string, before: Json, after: Json, ops: Op[]): void {
  if (Array.isArray(before) && Array.isArray(after)) {
    diffArrays(path, before, after, ops);
  } else if (before instanceof Map && after instanceof Map) {
    const keys = sortedKeys(new Map([...before, ...after]));
    diffKeys(path, keys, (key) => ({ before: before.get(key), after: after.get(key) }), ops);
  } else if (isContainer(before) || isContainer(after) || before !== after) {
    // Comparing with !== is what is wanted: integers are bigints and never equal a float, 0.0 equals -0.0.
    ops.push({ op: 'replace', path, value: after });
  }
}

function diffKeys(path: string, keys: readonly string[], change: (key: string) => Change, ops: Op[]): void {
  const added: Op[] = [];
  const removed: Op[] = [];
  for (const key of keys) {
    const { before, after } = change(key);
    const child = childPointer(path, key);
    if (before !== undefined && after !== undefined) diffValues(child, before, after, ops);
    else if (after !== undefined) added.push({ op: 'add', path: child, value: after });
    else if (before !== undefined) removed.push({ op: 'remove', path: child });
  }
  for (const op of added) ops.push(op);
  for (const op of removed) ops.push(op);
}

function diffArrays(path: string, before: readonly Json[], after: readonly Json[], ops: Op[]): void {
  const common = Math.min(before.length, after.length);
  for (let i = 0; i < common; i++) diffValues(childPointer(path, i), before[i]!, after[i]!, ops);
  for (let i = common; i < after.length; i++)
    ops.push({ op: 'add', path: childPointer(path, i), value: after[i]! });
  // Each removal shifts the rest, so the same index is named again and again.
  const end = childPointer(path, common);
  for (let i = common; i < before.length; i++) ops.push({ op: 'remove', path: end });
}

function isContainer(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}
