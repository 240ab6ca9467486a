import {
  applyOps,
  deltaHash,
  diff,
  type Json,
  parseJson,
  printJson,
  sealDelta,
  zeroHash,
} from '@enigma-worker/protocol';
import { StateAccess } from '#enclave/state/state-access.js';
import type { BuildLimits, BuildStep } from '#enclave/state/state-builder.js';
import type { Store } from '#store/store.js';

/** A chain of deltas as other workers make it, and the whole state after each. */
export class Chain {
  readonly stateKey: Uint8Array;
  readonly deltas: Uint8Array[] = [];
  readonly states: Json[] = [];

  constructor(stateKey: Uint8Array) {
    this.stateKey = stateKey;
  }

  get state(): Json {
    const last = this.states.at(-1);
    return last === undefined ? new Map<string, Json>() : last;
  }

  get hash(): Uint8Array {
    return this.deltas.length === 0 ? zeroHash() : deltaHash(this.deltas.at(-1)!);
  }

  /** Adds the delta that leads to a state. */
  append(after: Json): void {
    const ops = diff(this.state, after);
    this.deltas.push(sealDelta(this.stateKey, { ops, previousHash: this.hash }));
    // What the delta makes of the state: the two zeros are equal, so that a delta cannot lead from one to the other.
    this.states.push(applyOps(this.state, ops));
  }

  /** The deltas at some indices, as UpdateDeltas takes them. */
  entries(
    address: Uint8Array,
    indices: readonly number[],
  ): { address: Uint8Array; key: number; data: Uint8Array }[] {
    return indices.map((key) => ({ address, key, data: this.deltas[key]! }));
  }
}

/** Builds a contract's state until nothing is left to do, as the core does. */
export async function build(
  store: Store,
  address: Uint8Array,
  stateKey: Uint8Array,
  limits?: BuildLimits,
): Promise<BuildStep['next']> {
  const access = new StateAccess(store);
  for (;;) {
    const step = access.build(address, stateKey, store.contract(address)!, limits);
    if (step.change !== undefined) await store.commitBuild(address, step.change);
    if (step.next !== 'more') return step.next;
  }
}

/** Runs a task that writes, as the core does; whether it made a delta. */
export async function runTask(
  store: Store,
  address: Uint8Array,
  stateKey: Uint8Array,
  writes: ReadonlyMap<string, string | undefined>,
): Promise<boolean> {
  const record = store.contract(address);
  const state = new StateAccess(store).open(address, stateKey, record);
  const prepared = state.prepareCommit('compute', writes);
  if (prepared !== undefined)
    await store.commitTask({ address, delta: prepared.delta, state: prepared.state });
  return prepared !== undefined;
}

/** The whole state, as reading it key by key gives it; keys that are not there are left out. */
export function readAll(
  store: Store,
  address: Uint8Array,
  stateKey: Uint8Array,
  keys: Iterable<string>,
): Map<string, string> {
  const state = new StateAccess(store).open(address, stateKey, store.contract(address));
  const texts = new Map<string, string>();
  for (const key of keys) {
    const text = state.read(key);
    if (text !== undefined) texts.set(key, text);
  }
  return texts;
}

/** What {@link readAll} must give for a state. */
export function textsOf(state: Json): Map<string, string> {
  if (!(state instanceof Map)) return new Map();
  return new Map(Array.from(state, ([key, value]) => [key, printJson(value)]));
}

/** Reads JSON, for tests that write states as text. */
export function json(text: string): Json {
  return parseJson(text);
}
