import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Bucket } from '../buckets.js';
import type { Change } from '../commit-log.js';
import { journalPath } from '../file-check.js';
import { lockFolder } from '../lock-folder.js';
import type { JournalCipher } from '../memory/cipher.js';
import { Journal } from '../memory/journal.js';
import { rewriteJournal } from '../memory/rewrite-journal.js';
import { checkSchema } from '../migrations.js';
import { openDatabase } from '../open-database.js';
import { StoreError } from '../errors.js';

/** Everything that is sealed under the sealing key of the worker, which state values are not. */
export interface SealedEntries {
  /** Named pieces of data, for example the signing key. */
  readonly blobs: readonly { readonly name: string; readonly sealed: Uint8Array }[];
  readonly stateKeys: readonly { readonly address: Uint8Array; readonly sealed: Uint8Array }[];
}

/** What the journal of a store in memory is sealed with, now and afterwards. */
export interface JournalCiphers {
  readonly from: JournalCipher;
  readonly to: JournalCipher;
}

/**
 * Replaces what is sealed in the store of a folder, all in one durable commit or, when `rewrite` throws,
 * not at all. No core may have the store open. A journal that `to` opens was rewritten before, and stays.
 * @throws StoreError `LOCKED`, `NOT_A_STORE`, `CORRUPT`; whatever `rewrite` throws
 */
export async function rewriteSealed(
  folder: string,
  ciphers: JournalCiphers,
  rewrite: (entries: SealedEntries) => SealedEntries,
): Promise<SealedEntries> {
  const path = resolve(folder);
  const lock = await lockFolder(path).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'LOCKED') throw error;
    throw new StoreError('NOT_A_STORE', `${path} holds no store`);
  });
  try {
    const rewritten = existsSync(journalPath(path))
      ? rewriteJournaled(path, ciphers, lock.wasAbandoned, rewrite)
      : await rewriteDatabase(path, lock.wasAbandoned, rewrite);
    await lock.release();
    return rewritten;
  } catch (error) {
    await lock.releaseAsFound();
    throw error;
  }
}

async function rewriteDatabase(
  path: string,
  isSuspect: boolean,
  rewrite: (entries: SealedEntries) => SealedEntries,
): Promise<SealedEntries> {
  // Opened to read first: opening to write would make a store where there is none.
  await openDatabase(path, { mode: 'read' }).close();
  const db = openDatabase(path, { mode: 'write', isSuspect });
  try {
    checkSchema(db);
    return await db.write(() => {
      const blobs = Array.from(db.entries('blobs'), ({ key, value }) => ({
        name: Buffer.from(key).toString(),
        sealed: value.slice(),
      }));
      const stateKeys = Array.from(db.entries('stateKeys'), ({ key, value }) => ({
        address: key.slice(),
        sealed: value.slice(),
      }));
      const rewritten = rewrite({ blobs, stateKeys });
      for (const { name, sealed } of rewritten.blobs) db.put('blobs', Buffer.from(name), sealed);
      for (const { address, sealed } of rewritten.stateKeys) db.put('stateKeys', address, sealed);
      return rewritten;
    });
  } finally {
    await db.close();
  }
}

function rewriteJournaled(
  folder: string,
  { from, to }: JournalCiphers,
  isSuspect: boolean,
  rewrite: (entries: SealedEntries) => SealedEntries,
): SealedEntries {
  const path = journalPath(folder);
  let rewritten: SealedEntries = { blobs: [], stateKeys: [] };
  const rewriteAll = (changes: Iterable<Change>): Change[] => {
    const all = Array.from(changes, ({ bucket, key, value }) => ({
      bucket,
      key: key.slice(),
      value: value!.slice(),
    }));
    const of = (wanted: Bucket) => all.filter(({ bucket }) => bucket === wanted);
    rewritten = rewrite({
      blobs: of('blobs').map(({ key, value }) => ({ name: Buffer.from(key).toString(), sealed: value })),
      stateKeys: of('stateKeys').map(({ key, value }) => ({ address: key, sealed: value })),
    });
    return [
      ...all.filter(({ bucket }) => bucket !== 'blobs' && bucket !== 'stateKeys'),
      ...rewritten.blobs.map(({ name, sealed }) => ({
        bucket: 'blobs' as const,
        key: Buffer.from(name),
        value: sealed,
      })),
      ...rewritten.stateKeys.map(({ address, sealed }) => ({
        bucket: 'stateKeys' as const,
        key: address,
        value: sealed,
      })),
    ];
  };
  const isMoved = opens(path, to);
  rewriteJournal(path, { from: isMoved ? to : from, to }, isSuspect, rewriteAll);
  return rewritten;
}

function opens(path: string, cipher: JournalCipher): boolean {
  try {
    Journal.open(path, cipher)?.close();
    return true;
  } catch {
    // Of another key, or damaged: the other cipher will say which.
    return false;
  }
}
