import type { Change } from '../commit-log.js';
import { StoreError } from '../errors.js';
import { batched } from './batched.js';
import { encodeChanges } from './change.js';
import type { JournalCipher } from './cipher.js';
import { Journal } from './journal.js';
import { lastChanges } from './last-changes.js';
import { abandon } from './packing.js';

const STEP = 1024 * 1024;

/**
 * Writes the journal of a stopped core anew under another cipher, packed, and some of its entries with it: all in
 * one step, or not at all.
 * @param isSuspect whether its core came to a sudden end
 * @param rewrite given every change, in order; makes another of it, or the same
 * @throws StoreError `CORRUPT`, `NOT_A_STORE`; what `from` throws for a journal of another key; whatever `rewrite` throws
 */
export function rewriteJournal(
  path: string,
  ciphers: { readonly from: JournalCipher; readonly to: JournalCipher },
  isSuspect: boolean,
  rewrite: (changes: Iterable<Change>) => Iterable<Change>,
): void {
  const old = Journal.open(path, ciphers.from);
  if (old === undefined) throw new StoreError('NOT_A_STORE', `${path} is not there`);
  try {
    const fresh = Journal.begin(path, ciphers.to);
    try {
      const cutShort = (bytes: number): void => {
        if (!isSuspect)
          throw new StoreError('CORRUPT', `${path} is damaged: its last ${bytes} bytes make no sense`);
      };
      for (const changes of batched(rewrite(lastChanges(old, cutShort)), STEP))
        fresh.append(encodeChanges(changes));
      fresh.publish();
      fresh.close();
    } catch (error) {
      abandon(fresh, path);
      throw error;
    }
  } finally {
    old.close();
  }
}
