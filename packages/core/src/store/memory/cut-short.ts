import { isZero } from '@enigma-worker/crypto';
import { readAt } from './journal-io.js';
import { ALIGNMENT, lengthOf, RECORD_HEAD } from './record.js';

/**
 * Whether what is at the end of a journal's file is the beginning of one record, or nothing of it but its length.
 * @throws StoreError
 */
export function isCutShort(file: number, path: string, offset: number, size: number): boolean {
  const head = readAt(file, path, offset, RECORD_HEAD);
  const length = lengthOf(head);
  if (length !== undefined) return offset + RECORD_HEAD + length > size;
  if (head.length < RECORD_HEAD) return true;
  return isZero(head) && !hasRecordAfter(file, path, offset, size);
}

function hasRecordAfter(file: number, path: string, offset: number, size: number): boolean {
  for (let at = offset + ALIGNMENT; at + RECORD_HEAD <= size; at += ALIGNMENT) {
    const length = lengthOf(readAt(file, path, at, RECORD_HEAD));
    if (length !== undefined && at + RECORD_HEAD + length <= size) return true;
  }
  return false;
}
