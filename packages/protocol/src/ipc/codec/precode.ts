import { gunzip } from '#gunzip';
import { JsonText, type JsonValue } from '../json/value.js';
import { byteListBound } from '../json/byte-items.js';
import { readBase64 } from './base64.js';
import { readBytes } from './bytes.js';
import type { Codec, ReadContext } from './codec.js';

const SIZE = { most: (limits: ReadContext['limits']) => limits.bytecodeBytes };

/** How every gzip file begins in base64; `H` is no hex digit. */
const GZIP_MARK = new TextEncoder().encode('H4sI');

/** Code of a contract: integers, hex, or (as users hand it to the network) base64 of gzip. Written as integers. */
export const preCode: Codec<Uint8Array> = {
  names: [],
  read(value, context) {
    return isCompressed(value) ? decompress(value, context) : readBytes(value, context, SIZE);
  },
  bound: byteListBound,
  write: (value, out) => out.ints(value),
};

function isCompressed(value: JsonValue | undefined): value is JsonText {
  return value instanceof JsonText && GZIP_MARK.every((byte, i) => value.source[value.start + i] === byte);
}

function decompress(value: JsonText, context: ReadContext): Uint8Array {
  const most = context.limits.bytecodeBytes;
  const compressed = readBase64(value);
  if (compressed === undefined) throw context.invalid('base64 of gzip', value, 'a string that is not base64');
  const code = gunzip(compressed, most);
  if (code === 'too large') throw context.tooLarge(`at most ${most} bytes after decompression`, 'more');
  if (code === 'malformed') throw context.invalid('base64 of gzip', value, 'base64 of something else');
  return code;
}
