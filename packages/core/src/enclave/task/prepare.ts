import { MAX_DELTA_BYTES, StateError } from '@enigma-worker/protocol';
import type { CallFailure, CallSuccess } from '../../vm/call.js';
import { executionText } from '../../vm/failure.js';
import type { PreparedTask, SealedState } from '../state/sealed-state.js';

/** What a call changes; nothing when the state stays as it was. */
export interface Prepared {
  readonly ok: true;
  readonly delta: PreparedTask | undefined;
}

/**
 * What a call that ran to its end changes, or its failure after all: when no message could carry the delta to others.
 * It then pays what was charged, as at a trap.
 */
export function prepare(
  state: SealedState,
  kind: 'deploy' | 'compute',
  { writes, charged }: CallSuccess,
  dryRun: boolean,
): Prepared | CallFailure {
  try {
    if (!dryRun) return { ok: true, delta: state.prepareCommit(kind, writes) };
    state.checkCommit(writes);
    return { ok: true, delta: undefined };
  } catch (error) {
    if (!(error instanceof StateError && error.code === 'TOO_LARGE')) throw error;
    const message = executionText(`the delta of a call has at most ${MAX_DELTA_BYTES} bytes`);
    return { ok: false, message, usedGas: charged };
  }
}
