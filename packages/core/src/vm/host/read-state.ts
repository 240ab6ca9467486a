import type { HostContext } from './context.js';
import { missingText } from './read-state-len.js';

const encoder = new TextEncoder();

/** `read_state(key, keyLength, destination)`: writes the compact JSON text of a top-level key of the state. */
export function readState(
  host: HostContext,
  keyPointer: number,
  keyLength: number,
  destination: number,
): void {
  const text = host.state.read(host.stateKey(keyPointer, keyLength)) ?? missingText;
  encoder.encodeInto(text, host.memory.write(destination, Buffer.byteLength(text)));
}
