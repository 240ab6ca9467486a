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
  for (const op of ops) patched = patcher.apply(patched, parsePointer(op.path), op);
  return patched;
}

/** Applies operations one by one; copies each container at most once, when it is first changed. */
export class Patcher {
  readonly #owned = new Set<Json>();

  /**
   * The value with one operation applied at `keys` (its path, split) instead of at `op.path`.
   * @throws StateError `INVALID_POINTER`
   */
  apply(value: Json, keys: readonly string[], op: Op): Json {
    return this.#apply(value, keys, 0, op);
  }

  #apply(value: Json, keys: readonly string[], depth: number, op: Op): Json {
    if (depth === keys.length) {
      if (op.op === 'remove') throw new StateError('INVALID_POINTER', 'patch: the root cannot be removed');
      return op.value;
    }
    const key = keys[depth]!;
    const last = depth === keys.length - 1;
    if (Array.isArray(value)) return this.#applyToArray(value, key, last, keys, depth, op);
    if (value instanceof Map) return this.#applyToObject(value, key, last, keys, depth, op);
    throw missing(op);
  }

  #applyToObject(
    value: Map<string, Json>,
    key: string,
    last: boolean,
    keys: readonly string[],
    depth: number,
    op: Op,
  ): Json {
    const child = value.get(key);
    if (child === undefined && !(last && op.op === 'add')) throw missing(op);
    const object = this.#own(value, () => new Map(value));
    if (!last) object.set(key, this.#apply(child!, keys, depth + 1, op));
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
  ): Json {
    const adding = last && op.op === 'add';
    const index = adding && key === '-' ? value.length : parseIndex(key);
    if (index === undefined || index > value.length || (index === value.length && !adding)) throw missing(op);
    const array = this.#own(value, () => [...value]);
    if (!last) array[index] = this.#apply(value[index]!, keys, depth + 1, op);
    else if (op.op === 'add') array.splice(index, 0, op.value);
    else if (op.op === 'remove') array.splice(index, 1);
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
