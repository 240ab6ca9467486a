import { utf8 } from '@enigma-worker/crypto';
import type { JsonText } from '../json/value.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 0x3d;

const SEXTETS = new Int8Array(256).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) SEXTETS[ALPHABET.charCodeAt(i)] = i;

/** Bytes of a base64 text (RFC 4648, padded or not), `undefined` when it is not base64. */
export function readBase64(text: JsonText): Uint8Array | undefined {
  // Some encoders escape the slash of the alphabet.
  const source = text.escaped ? utf8(text.decode()) : text.bytes();
  let length = source.length;
  while (length > 0 && source.length - length < 2 && source[length - 1] === PADDING) length--;
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array((length * 3) >> 2);
  let bits = 0;
  let held = 0;
  let count = 0;
  for (let i = 0; i < length; i++) {
    const sextet = SEXTETS[source[i]!]!;
    if (sextet < 0) return undefined;
    bits = ((bits << 6) | sextet) & 0x3fff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[count++] = (bits >> held) & 0xff;
    }
  }
  return bytes;
}
