import { randomBytes } from '@enigma-worker/crypto';
import {
  applyOps,
  type Change,
  deltaHash,
  diffWrites,
  type Json,
  type Op,
  parseJson,
  printJson,
  sealDelta,
  zeroHash,
} from '@enigma-worker/protocol';
import type { StateChange, StateHead, StateWrite } from '../../store/records.js';
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
   * Source: docs/protocol.md, "Delta".
   */
  prepareCommit(kind: 'deploy' | 'compute', writes: Writes): PreparedTask | undefined {
    const next = this.#head?.shape === 'whole' ? this.#replaceWhole(writes) : this.#change(writes);
    if (next.ops.length === 0 && kind === 'compute') return undefined;
    const delta = sealDelta(this.#keys.delta, { ops: next.ops, previousHash: this.hash });
    const hash = deltaHash(delta);
    const index = this.#nextIndex();
    const head: StateHead = { id: next.id, index, hash, shape: 'object' };
    return { delta, hash, index, state: { base: this.#head, head, writes: next.writes } };
  }

  #nextIndex(): number {
    return this.#head === undefined ? 0 : this.#head.index + 1;
  }

  #change(writes: Writes): { ops: readonly Op[]; id: Uint8Array; writes: StateWrite[] } {
    const id = this.#head?.id ?? randomBytes(16);
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
    // Stored is what the delta makes of the state, as on every other worker, and not what was written:
    // the two can differ in the sign of a zero.
    const after = applyOps(before, ops) as ReadonlyMap<string, Json>;
    const sealed = [...changes.keys()].map((key) => {
      const value = after.get(key);
      return this.#values.write(
        id,
        key,
        value === undefined ? undefined : printJson(value),
        this.#nextIndex(),
      );
    });
    return { ops, id, writes: sealed };
  }

  /** The first write to a state that is no object makes it one. */
  #replaceWhole(writes: Writes): { ops: readonly Op[]; id: Uint8Array; writes: StateWrite[] } {
    const id = randomBytes(16);
    const value = new Map<string, Json>();
    const sealed: StateWrite[] = [];
    for (const [key, text] of writes) {
      if (text === undefined) continue;
      const written = parseJson(text);
      value.set(key, written);
      sealed.push(this.#values.write(id, key, printJson(written), this.#nextIndex()));
    }
    return { ops: value.size === 0 ? [] : [{ op: 'replace', path: '', value }], id, writes: sealed };
  }
}

function parse(text: string | undefined): Json | undefined {
  return text === undefined ? undefined : parseJson(text);
}
