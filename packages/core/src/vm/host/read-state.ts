import type { HostContext } from './context.js';
import { missingText } from './read-state-len.js';

/** `read_state(key, keyLength, destination)`: writes the compact JSON text of a top-level key of the state. */
export function readState(
  host: HostContext,
  keyPointer: number,
  keyLength: number,
  destination: number,
): void {
  const text = host.state.read(host.stateKey(keyPointer, keyLength)) ?? missingText;
  host.writeText(destination, text);
}
