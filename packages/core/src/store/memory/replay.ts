import type { Change } from '../commit-log.js';
import type { Database } from '../database.js';
import { decodeChanges } from './change.js';
import type { Journal, Position } from './journal.js';
import type { MapRoom } from './map-room.js';

/** Changes, and bytes, that are made in one transaction. */
const MOST_CHANGES = 500;
const MOST_BYTES = 256 * 1024;

/**
 * Brings an empty database to what a journal says. Of each entry only the last value is written: the
 * database comes out packed, and fits wherever the store fitted before.
 * @param cutShort told how many bytes at the end of the journal are no record; may throw, and then they stay
 * @throws StoreError `CORRUPT`, `DISK_FULL`
 */
export function replay(
  journal: Journal,
  database: Database,
  room: MapRoom,
  cutShort: (bytes: number) => void,
): void {
  const start: Position = journal.end;
  const last = new Map<string, number>();
  let count = 0;
  for (const payload of journal.replay(cutShort)) {
    for (const change of decodeChanges(payload)) last.set(nameOf(change), count++);
  }
  let batch: Change[] = [];
  let bytes = 0;
  const apply = (): void => {
    database.apply(batch);
    room.expectUnchanged();
    [batch, bytes] = [[], 0];
  };
  count = 0;
  for (const { payload } of journal.records(start)) {
    for (const change of decodeChanges(payload)) {
      if (last.get(nameOf(change)) !== count++ || change.value === undefined) continue;
      batch.push(change);
      bytes += change.value.length;
      if (batch.length >= MOST_CHANGES || bytes >= MOST_BYTES) apply();
    }
  }
  apply();
}

function nameOf({ bucket, key }: Change): string {
  return `${bucket} ${Buffer.from(key).toString('latin1')}`;
}
