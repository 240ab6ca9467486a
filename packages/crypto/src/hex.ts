const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const decoder = new TextDecoder();

const NIBBLES = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  NIBBLES[text.charCodeAt(0)] = digit;
  NIBBLES[text.toUpperCase().charCodeAt(0)] = digit;
}

/** Lower-case hex without `0x`. */
export function toHex(bytes: Uint8Array): string {
  // Decoded in one go: a text put together piece by piece costs ten times as much where it is first used.
  const digits = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    digits[2 * i] = DIGITS[byte >> 4]!;
    digits[2 * i + 1] = DIGITS[byte & 15]!;
  }
  return decoder.decode(digits);
}

/** What is wrong with a hex text; `position` counts characters of the text as given. */
export class HexError extends Error {
  override readonly name = 'HexError';
  readonly code = 'HEX_INVALID';
}

/** What may stand anywhere in a hex text, as in the deployed network. */
const SPACE = /[ \t\n\r]/g;

/**
 * Bytes of a hex text: any case, with or without `0x`; white space in it does not count.
 * @throws HexError when a character is not a hex digit or the number of digits is odd
 */
export function fromHex(text: string): Uint8Array {
  const outcome = read(text);
  if (typeof outcome !== 'string') return outcome;
  // Hardly any text has white space: only one that is not plain hex is searched for it.
  const dense = read(text.replaceAll(SPACE, ''));
  if (typeof dense !== 'string') return dense;
  throw new HexError(outcome);
}

/** The bytes, or what is wrong with the text. */
function read(text: string): Uint8Array | string {
  const start = text.startsWith('0x') || text.startsWith('0X') ? 2 : 0;
  const digits = text.length - start;
  if (digits % 2 !== 0) return `expected an even number of hex digits, got ${digits}`;
  const bytes = new Uint8Array(digits / 2);
  for (let i = 0; i < bytes.length; i++) {
    const at = start + 2 * i;
    const high = nibble(text, at);
    const low = nibble(text, at + 1);
    if ((high | low) < 0) return `expected a hex digit at position ${high < 0 ? at : at + 1}`;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

function nibble(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 256 ? NIBBLES[code]! : -1;
}
