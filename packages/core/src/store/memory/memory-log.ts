import type { Change, CommitLog } from '../commit-log.js';
import { toStoreError } from '../database-errors.js';
import { StoreError } from '../errors.js';
import { encodeChanges } from './change.js';
import type { Journal } from './journal.js';
import type { LoosePages, MemoryTable } from './loose-pages.js';
import type { Position } from './record.js';
import type { MapRoom } from './map-room.js';

/** Keeps a database in memory within its map, and its commits in a journal. */
export class MemoryLog implements CommitLog {
  readonly #room: MapRoom;
  readonly #loosePages: LoosePages;
  /** Absent while it is read: what comes from there need not go there. */
  #journal: Journal | undefined;
  #committed: (() => void) | undefined;
  #changes: Change[] = [];
  /** Where the journal ended before what was written for the transaction under way. */
  #before: Position | undefined;
  /** Why nothing can be written any more. */
  #failure: unknown;

  constructor(room: MapRoom, loosePages: LoosePages) {
    this.#room = room;
    this.#loosePages = loosePages;
  }

  /** From now on changes go to this journal. @param committed called after each commit */
  use(journal: Journal, committed: () => void): void {
    this.#journal = journal;
    this.#committed = committed;
  }

  /** Refuses every change from now on. */
  fail(cause: unknown): void {
    this.#failure = cause;
  }

  note(change: Change): void {
    if (this.#failure !== undefined) {
      throw new StoreError(
        'IO',
        'nothing was stored: it is unknown what the journal says, until the next start',
        {
          cause: this.#failure,
        },
      );
    }
    // What is read from the journal was stored once, and is tried as long as it really fits.
    if (this.#journal === undefined) return;
    this.#room.take(change);
    this.#changes.push(change);
  }

  remove(table: MemoryTable, key: Uint8Array): void {
    this.#loosePages.remove(table, key);
  }

  write(): void {
    this.#loosePages.use();
    if (this.#journal === undefined || this.#changes.length === 0) return;
    const before = this.#journal.end;
    try {
      this.#journal.append(encodeChanges(this.#changes));
      this.#before = before;
      this.#journal.sync();
    } catch (error) {
      // What peers are told: whether it is stored, and not where the journal lies.
      throw toStoreError('nothing was stored', error instanceof StoreError ? error.cause : error);
    }
  }

  end(isCommitted: boolean): void {
    const before = this.#before;
    this.#before = undefined;
    this.#changes = [];
    this.#room.reset();
    this.#loosePages.reset(isCommitted);
    if (isCommitted) this.#committed?.();
    if (isCommitted || before === undefined) return;
    try {
      this.#journal?.takeBack(before);
    } catch (error) {
      // Whether the next start would find the changes or not is unknown, so nothing may be built on either.
      this.fail(error);
    }
  }
}
