/** As long as addresses, hashes and public keys are. */
const SHORT = 64;
const scratch = Buffer.allocUnsafeSlow(SHORT);

/** A text that stands for bytes as key of a Map; far cheaper than hex. */
export function bytesKey(bytes: Uint8Array): string {
  const { length } = bytes;
  // Small arrays lie in V8's own heap, and to look at their buffer would move each of them out of it.
  if (length > SHORT) return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1');
  scratch.set(bytes);
  return scratch.toString('latin1', 0, length);
}
