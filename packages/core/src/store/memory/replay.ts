import type { Database } from '../database.js';
import { batched } from './batched.js';
import type { Journal } from './journal.js';
import { lastChanges } from './last-changes.js';
import type { MapRoom } from './map-room.js';

/** Bytes that are written in one transaction. */
const MOST_BYTES = 256 * 1024;

/**
 * Brings an empty database to what a journal says. Of each entry only the last value is written: the
 * database comes out packed, and fits wherever the store fitted before.
 * @param cutShort as of `Journal.replay`
 * @throws StoreError `CORRUPT`, `DISK_FULL`
 */
export function replay(
  journal: Journal,
  database: Database,
  room: MapRoom,
  cutShort: (bytes: number) => void,
): void {
  for (const changes of batched(lastChanges(journal, cutShort), MOST_BYTES)) {
    database.apply(changes);
    room.expectUnchanged();
  }
}
