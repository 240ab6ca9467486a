import type { Change } from '../commit-log.js';
import { decodeChanges } from './change.js';
import type { Journal } from './journal.js';

/**
 * What a journal that was just opened comes to: of each entry that is not deleted the last change, in the order of
 * the journal. Reads it twice, and holds only keys.
 * @param cutShort as of `Journal.replay`
 * @throws StoreError `CORRUPT`
 */
export function* lastChanges(journal: Journal, cutShort: (bytes: number) => void): Generator<Change> {
  const start = journal.end;
  const last = new Map<string, number>();
  let count = 0;
  for (const payload of journal.replay(cutShort)) {
    for (const change of decodeChanges(payload)) last.set(nameOf(change), count++);
  }
  count = 0;
  for (const { payload } of journal.records(start)) {
    for (const change of decodeChanges(payload)) {
      if (last.get(nameOf(change)) === count++ && change.value !== undefined) yield change;
    }
  }
}

function nameOf({ bucket, key }: Change): string {
  return `${bucket} ${Buffer.from(key).toString('latin1')}`;
}
