import { randomBytes } from '@enigma-worker/crypto';
import {
  applyOps,
  type Change,
  deltaHash,
  diffWrites,
  encodeDelta,
  type Json,
  type Op,
  parseJson,
  printJson,
  sealDelta,
  zeroHash,
} from '@enigma-worker/protocol';
import type { StateChange, StateHead } from '../../store/records.js';
import type { StateReader } from '../../vm/call.js';
import type { StateKeys } from './keys.js';
import type { ValueStore } from './value-store.js';

/** What a task wrote: canonical JSON text by top-level key; `undefined` for a removed key. */
export type Writes = ReadonlyMap<string, string | undefined>;

/** What a task changes, ready to be signed and stored. */
export interface PreparedTask {
  /** The delta, sealed: what travels. */
  readonly delta: Uint8Array;
  /** Its hash, 32 bytes. */
  readonly hash: Uint8Array;
  readonly index: number;
  readonly state: StateChange;
}

/** A task may read without end; only so much of it is worth being remembered. */
const KNOWN_CHARACTERS = 64 * 1024;

/** A contract's state as a task sees it: each value is fetched and opened when it is read. */
export class SealedState implements StateReader {
  readonly #head: StateHead | undefined;
  readonly #values: ValueStore;
  readonly #keys: StateKeys;
  /** What was read first: most tasks read what they write, and a task sees one state from its beginning to its end. */
  readonly #known = new Map<string, string | undefined>();
  /** Characters that {@link #known} may still take. */
  #room = KNOWN_CHARACTERS;

  constructor(head: StateHead | undefined, values: ValueStore, keys: StateKeys) {
    this.#head = head;
    this.#values = values;
    this.#keys = keys;
  }

  /** Hash of the latest delta, 32 bytes; zeros before any. */
  get hash(): Uint8Array {
    return this.#head?.hash ?? zeroHash();
  }

  /** A state that is no object has no keys. @throws DamagedStateError */
  read(key: string): string | undefined {
    if (this.#head?.shape !== 'object') return undefined;
    const known = this.#known.get(key);
    if (known !== undefined || this.#known.has(key)) return known;
    const text = this.#values.read(this.#head.id, key);
    this.#room -= key.length + (text?.length ?? 0);
    if (this.#room >= 0) this.#known.set(key, text);
    return text;
  }

  /**
   * The delta of what a task wrote, and the values to store with it; nothing when the state stays as it
   * was. A deployment always makes a delta.
   * Source: docs/protocol.md, "Deltas".
   * @throws StateError `TOO_LARGE` when no message could carry the delta
   */
  prepareCommit(kind: 'deploy' | 'compute', writes: Writes): PreparedTask | undefined {
    const next = this.#next(writes);
    if (next.ops.length === 0 && kind === 'compute') return undefined;
    // First of all: paths that no message could carry may not fit into memory either.
    const delta = sealDelta(this.#keys.delta, { ops: next.ops, previousHash: this.hash });
    const hash = deltaHash(delta);
    const index = this.#head === undefined ? 0 : this.#head.index + 1;
    const head: StateHead = { id: next.id, index, hash, shape: 'object' };
    const sealed = Array.from(next.texts(), ([key, text]) => this.#values.write(next.id, key, text, index));
    return { delta, hash, index, state: { base: this.#head, head, writes: sealed } };
  }

  /** Fails as {@link prepareCommit} would, and prepares nothing. @throws StateError */
  checkCommit(writes: Writes): void {
    encodeDelta({ ops: this.#next(writes).ops, previousHash: this.hash });
  }

  #next(writes: Writes): NextState {
    return this.#head?.shape === 'whole' ? replaceWhole(writes) : this.#change(writes);
  }

  #change(writes: Writes): NextState {
    const changes = new Map<string, Change>();
    const before = new Map<string, Json>();
    for (const [key, text] of writes) {
      const old = this.read(key);
      if (old === text) continue;
      const change = { before: parse(old), after: parse(text) };
      changes.set(key, change);
      if (change.before !== undefined) before.set(key, change.before);
    }
    const ops = diffWrites(changes);
    const texts = (): Writes => {
      // Stored is what the delta makes of the state, as on every other worker, and not what was written:
      // the two can differ in the sign of a zero.
      const after = applyOps(before, ops) as ReadonlyMap<string, Json>;
      return new Map(Array.from(changes.keys(), (key) => [key, print(after.get(key))]));
    };
    return { ops, id: this.#head?.id ?? randomBytes(16), texts };
  }
}

/** What a task makes of a state. */
interface NextState {
  readonly ops: readonly Op[];
  readonly id: Uint8Array;
  /** What changes of it; to be asked for when {@link ops} are known to be no more than a message can carry. */
  readonly texts: () => Writes;
}

/** The first write to a state that is no object makes it one. */
function replaceWhole(writes: Writes): NextState {
  const value = new Map<string, Json>();
  for (const [key, text] of writes) if (text !== undefined) value.set(key, parseJson(text));
  const texts = (): Writes => new Map(Array.from(value, ([key, written]) => [key, printJson(written)]));
  return { ops: value.size === 0 ? [] : [{ op: 'replace', path: '', value }], id: randomBytes(16), texts };
}

function parse(text: string | undefined): Json | undefined {
  return text === undefined ? undefined : parseJson(text);
}

function print(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : printJson(value);
}
