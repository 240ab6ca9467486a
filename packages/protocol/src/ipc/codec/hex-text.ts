import { utf8 } from '@enigma-worker/crypto';
import type { JsonText } from '../json/value.js';

const NIBBLES = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  NIBBLES[text.charCodeAt(0)] = digit;
  NIBBLES[text.toUpperCase().charCodeAt(0)] = digit;
}

/** Space, tab, line feed, carriage return. */
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Bytes of a hex text, or a phrase that says what is wrong with it. */
export type HexOutcome = Uint8Array | string;

/**
 * Decodes hex, any case, with or without `0x`, straight from the frame. White space may stand anywhere in it, as in the
 * deployed network.
 */
export function readHexText(text: JsonText): HexOutcome {
  const outcome = text.escaped ? readAll(decoded(text)) : readHex(text.source, text.start, text.end);
  return typeof outcome === 'string' ? (readSpaced(text) ?? outcome) : outcome;
}

/** Hardly any text has white space: only one that is not plain hex is searched for it. */
function readSpaced(text: JsonText): Uint8Array | undefined {
  const spaced = text.escaped ? decoded(text) : text.bytes();
  const outcome = readAll(spaced.filter((code) => !SPACES.has(code)));
  return typeof outcome === 'string' ? undefined : outcome;
}

function decoded(text: JsonText): Uint8Array {
  return utf8(text.decode());
}

function readAll(source: Uint8Array): HexOutcome {
  return readHex(source, 0, source.length);
}

function readHex(source: Uint8Array, from: number, end: number): HexOutcome {
  const prefixed = end - from >= 2 && source[from] === 0x30 && (source[from + 1]! | 0x20) === 0x78;
  const start = prefixed ? from + 2 : from;
  if ((end - start) % 2 !== 0) return `an odd number of hex digits (${end - start})`;
  const bytes = new Uint8Array((end - start) >> 1);
  for (let i = 0, at = start; i < bytes.length; i++, at += 2) {
    const high = NIBBLES[source[at]!]!;
    const low = NIBBLES[source[at + 1]!]!;
    if ((high | low) < 0) {
      return `a character that is not a hex digit at position ${(high < 0 ? at : at + 1) - from}`;
    }
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
