const WORD = 32;
const MOST = 1n << 256n;

/**
 * An unsigned integer as one 32-byte big-endian word, as Solidity encodes `uint256`.
 * @throws RangeError when it is negative or does not fit
 */
export function word(value: bigint | number): Uint8Array {
  let rest = BigInt(value);
  if (rest < 0n || rest >= MOST) throw new RangeError('word: expected an integer from 0 to 2^256-1');
  const bytes = new Uint8Array(WORD);
  for (let i = WORD - 1; rest > 0n; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** The unsigned integer of big-endian bytes. */
export function integerOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
