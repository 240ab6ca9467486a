import { concat } from '@enigma-worker/crypto';
import { type Bucket, BUCKETS } from '../buckets.js';
import type { Change } from '../commit-log.js';
import { StoreError } from '../errors.js';

// name length(1) ‖ name of the table ‖ key length(2) ‖ key ‖ 1 ‖ value length(4) ‖ value, or 0 for a deletion,
// one change after the other; numbers are little-endian.

const names = new Map(Object.entries(BUCKETS).map(([bucket, name]) => [bucket, Buffer.from(name)]));
const buckets = new Map(Object.entries(BUCKETS).map(([bucket, name]) => [name as string, bucket as Bucket]));

/** Changes as bytes, in their order. */
export function encodeChanges(changes: readonly Change[]): Uint8Array {
  return concat(...changes.flatMap(partsOf));
}

/** @throws StoreError `CORRUPT` for what {@link encodeChanges} did not make */
export function* decodeChanges(bytes: Uint8Array): Generator<Change> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length)
      throw new StoreError('CORRUPT', 'the journal has a record that makes no sense');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (length: 1 | 2 | 4): number => {
    take(length);
    if (length === 1) return view.getUint8(at - 1);
    return length === 2 ? view.getUint16(at - 2, true) : view.getUint32(at - 4, true);
  };
  while (at < bytes.length) {
    const bucket = buckets.get(Buffer.from(take(number(1))).toString());
    if (bucket === undefined)
      throw new StoreError('CORRUPT', 'the journal names a table that does not exist');
    const key = take(number(2));
    yield number(1) === 0 ? { bucket, key } : { bucket, key, value: take(number(4)) };
  }
}

function partsOf({ bucket, key, value }: Change): Uint8Array[] {
  const name = names.get(bucket)!;
  const head = Buffer.alloc(3 + name.length);
  head[0] = name.length;
  head.set(name, 1);
  head.writeUInt16LE(key.length, 1 + name.length);
  if (value === undefined) return [head, key, Uint8Array.of(0)];
  const valueHead = Buffer.alloc(5);
  valueHead[0] = 1;
  valueHead.writeUInt32LE(value.length, 1);
  return [head, key, valueHead, value];
}
