import { crc32 } from 'node:zlib';
import type { HeadViews } from './head-views.js';

const CHECKSUM_LENGTH = 4;

/**
 * A value with a CRC-32 behind it that also depends on its key. The database keeps no checksums of its
 * own: this is what tells a damaged value, or one in the wrong place, from a good one. It is no
 * protection against somebody who wants to deceive; sealed values have their own.
 */
export function withChecksum(key: Uint8Array, value: Uint8Array): Buffer {
  const { length } = value;
  const stored = Buffer.allocUnsafe(length + CHECKSUM_LENGTH);
  stored.set(value);
  stored.writeUInt32BE(crc32(stored.subarray(0, length), seedOf(key)), length);
  return stored;
}

/** The value of bytes made by {@link withChecksum}, as a view; nothing when they are damaged. */
export function checkedValue(key: Uint8Array, stored: Uint8Array, views?: HeadViews): Uint8Array | undefined {
  const length = stored.length - CHECKSUM_LENGTH;
  if (length < 0) return undefined;
  const value = views === undefined ? stored.subarray(0, length) : views.of(stored, length);
  return crc32(value, seedOf(key)) === checksumAt(stored, length) ? value : undefined;
}

/** Read by hand: the binding gives large values as bytes without the methods of a Buffer, whatever its types say. */
function checksumAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** FNV-1a of a key: cheaper for a few bytes than to call out for their CRC. */
function seedOf(key: Uint8Array): number {
  let hash = 0x811c9dc5;
  // Not for-of: this runs for every value read.
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i]!, 0x01000193);
  return hash >>> 0;
}
