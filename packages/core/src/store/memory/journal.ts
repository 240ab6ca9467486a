import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { equalBytes, randomBytes, toHex, utf8 } from '@enigma-worker/crypto';
import { flushFolder } from '@enigma-worker/host';
import { StoreError } from '../errors.js';
import type { JournalCipher } from './cipher.js';
import { isCutShort } from './cut-short.js';
import { guarded, readAt, writeAll } from './journal-io.js';
import { after, lengthOf, LINK_LENGTH, type Position, RECORD_HEAD } from './record.js';

/** A record and where the next one begins. */
export interface JournalRecord {
  readonly payload: Uint8Array;
  readonly next: Position;
}

// The file is magic(8) ‖ id(16) ‖ zeros(8), then records, each at a multiple of 16 bytes:
// length(4) ‖ its complement(4) ‖ sealed(length) ‖ zeros. A record is sealed under a label that names the file,
// the place, and the end of the record before, so that none can be exchanged, moved or left out.
const MAGIC = utf8('ENIGMAJ1');
const FILE_HEAD = 32;
const START: Position = { offset: FILE_HEAD, count: 0, link: new Uint8Array(LINK_LENGTH) };
/** What the first record says. It is on the disk before the file has its name, so it is always whole. */
const GREETING = utf8('enigma store journal 1');

/** A file of sealed records, to which is only ever appended. One at a time writes it. */
export class Journal {
  readonly #path: string;
  readonly #file: number;
  readonly #id: Uint8Array;
  readonly #cipher: JournalCipher;
  #end: Position;
  /** Whether bytes of an append that failed may be behind the end, or come back there in a power failure. */
  #hasTail = false;
  #isClosed = false;

  private constructor(path: string, file: number, id: Uint8Array, cipher: JournalCipher, end: Position) {
    this.#path = path;
    this.#file = file;
    this.#id = id;
    this.#cipher = cipher;
    this.#end = end;
  }

  /** Begins a journal in the place of any other: under another name until {@link publish} gives it its own. */
  static begin(path: string, cipher: JournalCipher): Journal {
    const file = guarded(`making ${path}`, () => openSync(unpublished(path), 'w+', 0o600));
    try {
      const id = randomBytes(16);
      const head = new Uint8Array(FILE_HEAD);
      head.set(MAGIC);
      head.set(id, MAGIC.length);
      guarded(`writing ${path}`, () => writeAll(file, head, 0));
      const journal = new Journal(path, file, id, cipher, START);
      journal.append(GREETING);
      return journal;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /**
   * Opens the journal at a path, its end not known before {@link records} came to it; nothing when there is none.
   * @throws StoreError `CORRUPT`, `IO`; what the cipher throws when the key is another one
   */
  static open(path: string, cipher: JournalCipher): Journal | undefined {
    if (!existsSync(path)) return undefined;
    const file = guarded(`opening ${path}`, () => openSync(path, 'r+'));
    try {
      const head = readAt(file, path, 0, FILE_HEAD);
      if (head.length < FILE_HEAD || !equalBytes(head.subarray(0, MAGIC.length), MAGIC))
        throw new StoreError('CORRUPT', `${path} is not a journal`);
      const id = head.slice(MAGIC.length, MAGIC.length + 16);
      const journal = new Journal(path, file, id, cipher, START);
      const sealed = journal.#sealedAt(START.offset);
      const payload = sealed && cipher.open(journal.#label(START), sealed);
      if (payload === undefined || !equalBytes(payload, GREETING))
        throw new StoreError('CORRUPT', `${path} is damaged: its first record is not that of a journal`);
      journal.#end = after(START, sealed!);
      return journal;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** Bytes of the file that are in use. */
  get size(): number {
    return this.#end.offset;
  }

  /** Where the next record goes. */
  get end(): Position {
    return this.#end;
  }

  /**
   * Reads on to the end of the file and takes that as the end of the journal. What an append left that was cut
   * short goes: nobody was told that it is stored.
   * @param dropped told how many bytes that were, if any
   * @throws StoreError `CORRUPT` for damage before the last record
   */
  *replay(dropped: (bytes: number) => void): Generator<Uint8Array> {
    const { size } = fstatSync(this.#file);
    for (;;) {
      const record = this.#recordAt(this.#end, size);
      if (record === undefined) break;
      this.#end = record.next;
      yield record.payload;
    }
    if (size <= this.#end.offset) return;
    dropped(size - this.#end.offset);
    this.#hasTail = true;
    this.#dropTail();
  }

  /** Records from a place to the end. */
  *records(from: Position): Generator<JournalRecord> {
    for (let place = from; place.offset < this.#end.offset;) {
      const record = this.#recordAt(place, this.#end.offset);
      if (record === undefined) throw this.#damaged(place);
      yield record;
      place = record.next;
    }
  }

  /** Appends a record; {@link sync} puts it on the disk. When it fails nothing was appended. */
  append(payload: Uint8Array): void {
    const sealed = this.#cipher.seal(this.#label(this.#end), payload);
    const next = after(this.#end, sealed);
    const bytes = new Uint8Array(next.offset - this.#end.offset);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, sealed.length, true);
    view.setUint32(4, ~sealed.length, true);
    bytes.set(sealed, RECORD_HEAD);
    if (this.#hasTail) this.#cutTail();
    this.#hasTail = true;
    try {
      guarded(`writing ${this.#path}`, () => writeAll(this.#file, bytes, this.#end.offset));
    } catch (error) {
      this.#tryCutTail();
      throw error;
    }
    this.#hasTail = false;
    this.#end = next;
  }

  sync(): void {
    guarded(`writing ${this.#path}`, () => fdatasyncSync(this.#file));
  }

  /** Takes back what was appended after a place, durably. @throws StoreError, and then nothing more can be appended */
  takeBack(to: Position): void {
    this.#end = to;
    this.#hasTail = true;
    this.#dropTail();
  }

  /**
   * Gives a journal that was begun the name it is found by, in the place of the one before: durably, in one step.
   * @param named called when it has the name, which may yet be lost in a power failure
   */
  publish(named: () => void = () => undefined): void {
    this.sync();
    guarded(`renaming ${this.#path}`, () => renameSync(unpublished(this.#path), this.#path));
    named();
    const folder = dirname(this.#path);
    guarded(`flushing ${folder}`, () => flushFolder(folder));
  }

  /** @throws StoreError when the file may not end with the last record: only after a sudden end does it open then */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#dropTail();
    } finally {
      closeSync(this.#file);
    }
  }

  /** Cuts off durably what may be behind the end. */
  #dropTail(): void {
    if (!this.#hasTail) return;
    this.#cutTail();
    this.sync();
    this.#hasTail = false;
  }

  #cutTail(): void {
    guarded(`writing ${this.#path}`, () => ftruncateSync(this.#file, this.#end.offset));
  }

  #tryCutTail(): void {
    try {
      this.#cutTail();
    } catch {
      // The next append, or the close, tries again.
    }
  }

  /** The record at a place; nothing when there is none, or what an append left that was cut short. */
  #recordAt(place: Position, size: number): JournalRecord | undefined {
    if (place.offset >= size) return undefined;
    const sealed = this.#sealedAt(place.offset);
    // Only the last append can have been cut short. Records are written from their head on, but a machine that
    // lost its power may have kept any part.
    if (sealed === undefined) {
      if (isCutShort(this.#file, this.#path, place.offset, size)) return undefined;
      throw this.#damaged(place);
    }
    try {
      return { payload: this.#cipher.open(this.#label(place), sealed), next: after(place, sealed) };
    } catch (error) {
      if (after(place, sealed).offset >= size) return undefined;
      throw this.#damaged(place, error);
    }
  }

  #sealedAt(offset: number): Uint8Array | undefined {
    const length = lengthOf(readAt(this.#file, this.#path, offset, RECORD_HEAD));
    if (length === undefined || offset + RECORD_HEAD + length > fstatSync(this.#file).size) return undefined;
    const sealed = readAt(this.#file, this.#path, offset + RECORD_HEAD, length);
    return sealed.length === length ? sealed : undefined;
  }

  #label({ count, link }: Position): string {
    return `journal:${toHex(this.#id)}:${count}:${toHex(link)}`;
  }

  #damaged({ offset }: Position, cause?: unknown): StoreError {
    return new StoreError(
      'CORRUPT',
      `${this.#path} is damaged: the record at byte ${offset} is not what was written`,
      {
        cause,
      },
    );
  }
}

/** The name of a journal that is not yet complete. */
export function unpublished(path: string): string {
  return `${path}.new`;
}
