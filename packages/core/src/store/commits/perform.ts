import type { Writes } from '../writes.js';
import type { Operation } from './operation-codec.js';

/** Does an operation inside a transaction; the positions of its deltas that were refused. @throws StoreError */
export function perform(writes: Writes, operation: Operation): readonly number[] {
  if (operation.kind === 'deltas') return writes.updateDeltas(operation.deltas);
  writes.commitTask(operation.commit, undefined);
  return [];
}
