const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const DIGITS = 5;
const KEY_LENGTH = 40;

/**
 * Whether a text is a CURVE key of 32 bytes in Z85 (ZeroMQ RFC 32): eight times five digits to the base 85, each five of
 * which stand for four bytes. libzmq is never to be given another: refusing one of five digits that stand for more than
 * four bytes hold, its binding for Node leaves behind what ends the process later.
 */
export function isCurveKey(text: string): boolean {
  if (text.length !== KEY_LENGTH) return false;
  for (let at = 0; at < KEY_LENGTH; at += DIGITS) {
    let word = 0;
    for (const digit of text.slice(at, at + DIGITS)) {
      const value = ALPHABET.indexOf(digit);
      if (value < 0) return false;
      word = word * ALPHABET.length + value;
    }
    if (word >= 2 ** 32) return false;
  }
  return true;
}
