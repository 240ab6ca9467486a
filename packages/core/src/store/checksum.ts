import { crc32 } from 'node:zlib';

/** Bytes that {@link withChecksum} adds. */
export const CHECKSUM_LENGTH = 4;

/**
 * A value with the CRC-32 of key and value behind it. The database keeps no checksums of its own: this
 * is what tells a damaged value, or one in the wrong place, from a good one. It is no protection
 * against somebody who wants to deceive; sealed values have their own.
 */
export function withChecksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  const stored = new Uint8Array(value.length + CHECKSUM_LENGTH);
  stored.set(value);
  new DataView(stored.buffer).setUint32(value.length, crc32(value, crc32(key)));
  return stored;
}

/** The value of bytes made by {@link withChecksum}, as a view; nothing when they are damaged. */
export function checkedValue(key: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
  const length = stored.length - CHECKSUM_LENGTH;
  if (length < 0) return undefined;
  const value = stored.subarray(0, length);
  const found = new DataView(stored.buffer, stored.byteOffset, stored.length).getUint32(length);
  return crc32(value, crc32(key)) === found ? value : undefined;
}
