import { rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bucket, BUCKETS } from '../buckets.js';
import type { Change } from '../commit-log.js';
import type { Database, Snapshot } from '../database.js';
import { batched } from './batched.js';
import { encodeChanges } from './change.js';
import type { JournalCipher } from './cipher.js';
import { Journal, unpublished } from './journal.js';
import type { Position } from './record.js';

/** Bytes that are written at a time: so long everything else waits. */
const STEP = 1024 * 1024;

/**
 * Writes a journal anew, beside commits: what is stored, instead of how it came to be.
 * @param isStopped asked between steps; nothing is left of what was begun when it says so
 * @param adopt given the new journal in the very moment that it takes the place of the old one: what is committed
 * from then on has to go there
 * @throws StoreError; when `adopt` was called before, a power failure may bring the old journal back
 */
export async function packJournal(
  db: Database,
  old: Journal,
  { path, cipher }: { readonly path: string; readonly cipher: JournalCipher },
  isStopped: () => boolean,
  adopt: (packed: Journal) => void,
): Promise<void> {
  const packed = Journal.begin(path, cipher);
  let isAdopted = false;
  try {
    // Both at once: the snapshot shows what the journal says up to here.
    using snapshot = db.snapshot();
    let place: Position = old.end;
    for (const changes of batched(entriesOf(db, snapshot), STEP)) {
      packed.append(encodeChanges(changes));
      await nextTurn();
      if (isStopped()) return abandon(packed, path);
    }
    while (old.end.offset - place.offset > STEP) {
      place = follow(old, packed, place, STEP);
      await nextTurn();
      if (isStopped()) return abandon(packed, path);
    }
    // The flush of all that was written so far; what is left after it is little.
    packed.sync();
    follow(old, packed, place, Number.POSITIVE_INFINITY);
    packed.publish(() => {
      isAdopted = true;
      adopt(packed);
    });
  } catch (error) {
    if (!isAdopted) abandon(packed, path);
    throw error;
  }
}

/** All that is stored, as changes of an empty store. */
function* entriesOf(db: Database, snapshot: Snapshot): Generator<Change> {
  for (const bucket of Object.keys(BUCKETS) as Bucket[]) {
    for (const { key, value } of db.entries(bucket, {}, snapshot)) {
      // Copies, since what is read lies where the next read may write.
      yield { bucket, key: key.slice(), value: value.slice() };
    }
  }
}

/** Copies records that came meanwhile. */
function follow(old: Journal, packed: Journal, from: Position, most: number): Position {
  let place = from;
  for (const { payload, next } of old.records(from)) {
    packed.append(payload);
    place = next;
    if (place.offset - from.offset > most) break;
  }
  return place;
}

/** Leaves nothing of a journal that was begun. */
export function abandon(packed: Journal, path: string): void {
  packed.close();
  rmSync(unpublished(path), { force: true });
}
