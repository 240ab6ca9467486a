import {
  type Json,
  MAX_STATE_DEPTH,
  nestsWithin,
  type Op,
  parseJson,
  parsePointer,
  Patcher,
  printJson,
  StateError,
} from '@enigma-worker/protocol';
import type { StateHead, StateWrite } from '../../store/records.js';
import type { ValueStore } from './value-store.js';

/** A stored state with operations applied on top: only the top-level keys they touch are opened. */
export class StateOverlay {
  readonly #values: ValueStore;
  readonly #base: StateHead | undefined;
  readonly #patcher = new Patcher();
  /** Touched keys of an object; `undefined` where there is none. */
  #touched = new Map<string, Json | undefined>();
  readonly #changed = new Set<string>();
  /** The state, when it is no object. */
  #whole: Json | undefined;
  #isNew: boolean;

  constructor(values: ValueStore, base: StateHead | undefined) {
    this.#values = values;
    this.#base = base;
    this.#isNew = base === undefined;
    if (base?.shape === 'whole')
      this.#whole = parseJson(values.readWhole(base.id), { maxDepth: MAX_STATE_DEPTH });
  }

  /** Whether nothing stored is part of it: its values need a new id. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** How many top-level keys were opened or changed. */
  get touched(): number {
    return this.#touched.size;
  }

  get shape(): StateHead['shape'] {
    return this.#whole === undefined ? 'object' : 'whole';
  }

  /**
   * Applies one operation. After a failure the overlay is of no more use.
   * @param times how often, if it is a removal
   * @throws StateError `INVALID_POINTER`, `TOO_DEEP`
   */
  apply(op: Op, times = 1): void {
    const keys = parsePointer(op.path);
    if (op.op !== 'remove' && !nestsWithin(MAX_STATE_DEPTH - keys.length, op.value))
      throw new StateError('TOO_DEEP', `patch: a state nests at most ${MAX_STATE_DEPTH} deep`);
    if (keys.length === 0 || this.#whole !== undefined)
      this.#replace(this.#patcher.apply(this.#whole ?? null, keys, op, times));
    else this.#applyToKey(keys, op, times);
  }

  /** What is to be stored: the touched values, sealed for the id and index of `head`. */
  seal(head: StateHead): StateWrite[] {
    if (this.#whole !== undefined)
      return [this.#values.writeWhole(head.id, printJson(this.#whole), head.index)];
    return Array.from(this.#changed, (key) => {
      const value = this.#touched.get(key);
      return this.#values.write(head.id, key, value === undefined ? undefined : printJson(value), head.index);
    });
  }

  #applyToKey(keys: readonly string[], op: Op, times: number): void {
    const key = keys[0]!;
    const before = this.#load(key);
    // An object with this key alone stands for the whole one, so that the rules are those of any object.
    const object = new Map(before === undefined ? [] : [[key, before]]);
    const after = this.#patcher.apply(object, keys, op, times) as ReadonlyMap<string, Json>;
    this.#touched.set(key, after.get(key));
    this.#changed.add(key);
  }

  #load(key: string): Json | undefined {
    if (this.#touched.has(key) || this.#isNew) return this.#touched.get(key);
    const text = this.#values.read(this.#base!.id, key);
    const value = text === undefined ? undefined : parseJson(text);
    this.#touched.set(key, value);
    return value;
  }

  /** Becomes another state altogether. */
  #replace(value: Json): void {
    this.#isNew = true;
    this.#changed.clear();
    if (value instanceof Map) {
      this.#whole = undefined;
      this.#touched = new Map(value);
      for (const key of value.keys()) this.#changed.add(key);
    } else {
      this.#whole = value;
      this.#touched = new Map();
    }
  }
}
