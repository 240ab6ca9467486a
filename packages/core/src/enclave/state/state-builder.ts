import { CryptoError, equalBytes, randomBytes } from '@enigma-worker/crypto';
import { type Delta, deltaHash, inRuns, openDelta, StateError, zeroHash } from '@enigma-worker/protocol';
import type { ContractRecord, StateChange, StateHead } from '../../store/records.js';
import type { StoreReader } from '../../store/store.js';
import type { StateKeys } from './keys.js';
import { StateOverlay } from './state-overlay.js';
import type { ValueStore } from './value-store.js';

/** Why a state cannot be built further; tried again when more deltas arrive. */
export interface BuildObstacle {
  /** Index of the delta that is missing or cannot be applied. */
  readonly index: number;
  readonly reason:
    | 'MISSING'
    /** It does not open under the contract's state key. */
    | 'UNDECRYPTABLE'
    /** It opens, and is no delta: other bytes, or one with operations that deltas do not have. */
    | 'MALFORMED'
    /** It was made from another state than the one before it. */
    | 'UNCHAINED'
    /** It names something that the state does not hold, or makes it nest too deep. */
    | 'INAPPLICABLE';
}

/** One bounded step of building a state. */
export interface BuildStep {
  /** To be stored; none when no delta was applied. */
  readonly change: StateChange | undefined;
  /** `more`: store the change, then build again. `done`: every delta stored is in the state. */
  readonly next: 'more' | 'done' | BuildObstacle;
}

/** Bounds of a step, so that neither it nor the commit of what it changed holds a thread for long. */
export interface BuildLimits {
  /** Most deltas applied; 2,000 by default. */
  readonly deltas?: number;
  /** Most bytes of envelopes applied, but for one delta that is larger; 256 KiB by default. */
  readonly bytes?: number;
  /** Most top-level keys touched, but for one delta that touches more; 1,000 by default. */
  readonly keys?: number;
}

/** What a build reads. */
export interface BuildSource {
  readonly reader: StoreReader;
  readonly address: Uint8Array;
  readonly keys: StateKeys;
  readonly values: ValueStore;
}

/** Applies stored deltas to the stored state, from where it stands. Source: docs/protocol.md, "Deltas". */
export function buildStep(source: BuildSource, record: ContractRecord, limits: BuildLimits = {}): BuildStep {
  const run = apply(source, record, limits);
  // What a failed delta had changed is undone by going the same way again, up to it.
  if (run.failed && run.applied > 0) {
    return { change: apply(source, record, { ...limits, deltas: run.applied }).change, next: run.next };
  }
  return run;
}

interface Run extends BuildStep {
  /** How many deltas were applied. */
  readonly applied: number;
  /** Whether one was begun and could not be finished. */
  readonly failed: boolean;
}

function apply(source: BuildSource, record: ContractRecord, limits: BuildLimits): Run {
  const { reader, address, keys, values } = source;
  const base = record.state;
  const overlay = new StateOverlay(values, base);
  const first = base === undefined ? 0 : base.index + 1;
  const end = first + (limits.deltas ?? 2000);
  let bytesLeft = limits.bytes ?? 256 * 1024;
  const maxKeys = limits.keys ?? 1000;
  let hash = base?.hash ?? zeroHash();
  let index = first;

  const stop = (next: BuildStep['next'], failed = false): Run => {
    const applied = index - first;
    if (applied === 0 || failed) return { change: undefined, next, applied, failed };
    const id = overlay.isNew ? randomBytes(16) : base!.id;
    const head: StateHead = { id, index: index - 1, hash, shape: overlay.shape };
    return { change: { base, head, writes: overlay.seal(head) }, next, applied, failed };
  };

  for (; index < end && bytesLeft > 0 && overlay.touched < maxKeys; index++) {
    if (record.tip === undefined || index > record.tip) return stop('done');
    const envelope = reader.delta(address, index, record);
    if (envelope === undefined) return stop({ index, reason: 'MISSING' });
    const delta = tryOpen(keys, envelope);
    if (typeof delta === 'string') return stop({ index, reason: delta });
    if (!equalBytes(delta.previousHash, hash)) return stop({ index, reason: 'UNCHAINED' });
    try {
      for (const [op, times] of inRuns(delta.ops)) overlay.apply(op, times);
    } catch (error) {
      if (error instanceof StateError) return stop({ index, reason: 'INAPPLICABLE' }, true);
      throw error;
    }
    hash = deltaHash(envelope);
    bytesLeft -= envelope.length;
  }
  return stop('more');
}

function tryOpen(keys: StateKeys, envelope: Uint8Array): Delta | 'UNDECRYPTABLE' | 'MALFORMED' {
  try {
    return openDelta(keys.delta, envelope);
  } catch (error) {
    if (error instanceof CryptoError) return 'UNDECRYPTABLE';
    if (error instanceof StateError) return 'MALFORMED';
    throw error;
  }
}
