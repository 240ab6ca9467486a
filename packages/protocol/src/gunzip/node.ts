import { gunzipSync } from 'node:zlib';
import type { Gunzip } from './gunzip.js';

/** Node's own zlib. */
export const gunzip: Gunzip = (compressed, most) => {
  try {
    const plain = gunzipSync(compressed, { maxOutputLength: Math.max(most, 1) });
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  } catch (error) {
    const tooLarge = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return tooLarge ? 'too large' : 'malformed';
  }
};
