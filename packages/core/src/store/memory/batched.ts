import type { Change } from '../commit-log.js';

/** A change costs this much besides its bytes. */
const OVERHEAD = 64;

/** Changes in groups of at most so many bytes, or of one that is longer. */
export function* batched(changes: Iterable<Change>, mostBytes: number): Generator<Change[]> {
  let group: Change[] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = OVERHEAD + change.key.length + (change.value?.length ?? 0);
    if (group.length > 0 && bytes + size > mostBytes) {
      yield group;
      [group, bytes] = [[], 0];
    }
    group.push(change);
    bytes += size;
  }
  if (group.length > 0) yield group;
}
