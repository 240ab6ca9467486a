import { ENVELOPE_OVERHEAD, seal } from '@enigma-worker/crypto';
import type { HostContext } from './context.js';

const keyBytes = 32;
const ivBytes = 12;

/** `encrypt(message, length, key, destination)`: writes the envelope of a message, 28 bytes longer than it. */
export function encrypt(
  host: HostContext,
  pointer: number,
  length: number,
  key: number,
  destination: number,
): void {
  const message = host.memory.read(pointer, length);
  const secret = host.memory.read(key, keyBytes);
  const target = host.memory.write(destination, message.length + ENVELOPE_OVERHEAD);
  // From the stream of this call: a repeated call has to make the same envelope.
  const iv = new Uint8Array(ivBytes);
  host.random.draw(iv);
  target.set(seal(secret, message, { iv }));
}
