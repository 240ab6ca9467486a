import type { Op } from './diff.js';
import { StateError } from './errors.js';
import type { Json } from './json.js';
import { parsePointer } from './pointer.js';

/**
 * Applies the operations of a JSON patch in order. The value given is left as it was.
 * Source: RFC 6902; docs/protocol.md, "Deltas".
 * @throws StateError `INVALID_POINTER` when an operation names something that is not there
 */
export function applyOps(value: Json, ops: readonly Op[]): Json {
  const patcher = new Patcher();
  let patched = value;
  for (const [op, times] of inRuns(ops)) patched = patcher.apply(patched, parsePointer(op.path), op, times);
  return patched;
}

/**
 * Operations with how often each comes in a row. An array that is shortened removes one index again and again: done
 * one by one, each removal would move all that is behind it.
 */
export function* inRuns(ops: readonly Op[]): Generator<readonly [op: Op, times: number]> {
  for (let at = 0, end; at < ops.length; at = end) {
    const op = ops[at]!;
    end = at + 1;
    if (op.op === 'remove') while (ops[end]?.op === 'remove' && ops[end]!.path === op.path) end++;
    yield [op, end - at];
  }
}

/** Applies operations one by one; copies each container at most once, when it is first changed. */
export class Patcher {
  readonly #owned = new Set<Json>();

  /**
   * The value with one operation applied at `keys` (its path, split) instead of at `op.path`.
   * @param times how often, if it is a removal
   * @throws StateError `INVALID_POINTER`
   */
  apply(value: Json, keys: readonly string[], op: Op, times = 1): Json {
    return this.#apply(value, keys, 0, op, times);
  }

  #apply(value: Json, keys: readonly string[], depth: number, op: Op, times: number): Json {
    if (depth === keys.length) {
      if (op.op === 'remove') throw new StateError('INVALID_POINTER', 'patch: the root cannot be removed');
      return op.value;
    }
    const key = keys[depth]!;
    const last = depth === keys.length - 1;
    if (Array.isArray(value)) return this.#applyToArray(value, key, last, keys, depth, op, times);
    if (value instanceof Map) return this.#applyToObject(value, key, last, keys, depth, op, times);
    throw missing(op);
  }

  #applyToObject(
    value: Map<string, Json>,
    key: string,
    last: boolean,
    keys: readonly string[],
    depth: number,
    op: Op,
    times: number,
  ): Json {
    const child = value.get(key);
    if (child === undefined && !(last && op.op === 'add')) throw missing(op);
    // A key is there once.
    if (last && times > 1) throw missing(op);
    const object = this.#own(value, () => new Map(value));
    if (!last) object.set(key, this.#apply(child!, keys, depth + 1, op, times));
    else if (op.op === 'remove') object.delete(key);
    else object.set(key, op.value);
    return object;
  }

  #applyToArray(
    value: Json[],
    key: string,
    last: boolean,
    keys: readonly string[],
    depth: number,
    op: Op,
    times: number,
  ): Json {
    const adding = last && op.op === 'add';
    const index = adding && key === '-' ? value.length : parseIndex(key);
    const needed = adding ? 0 : last ? times : 1;
    if (index === undefined || index + needed > value.length) throw missing(op);
    const array = this.#own(value, () => [...value]);
    if (!last) array[index] = this.#apply(value[index]!, keys, depth + 1, op, times);
    else if (op.op === 'add') array.splice(index, 0, op.value);
    else if (op.op === 'remove') array.splice(index, times);
    else array[index] = op.value;
    return array;
  }

  #own<T extends Json>(container: T, copy: () => T): T {
    if (this.#owned.has(container)) return container;
    const owned = copy();
    this.#owned.add(owned);
    return owned;
  }
}

function parseIndex(key: string): number | undefined {
  return /^(?:0|[1-9][0-9]{0,14})$/.test(key) ? Number(key) : undefined;
}

function missing(op: Op): StateError {
  // The path would name keys of the state, which are secret.
  return new StateError('INVALID_POINTER', `patch: ${op.op} names something that is not there`);
}
