import type { HostContext } from './context.js';

/** `remove_from_state(key, keyLength)`: removes a top-level key of the state. Free, and nothing is refunded. */
export function removeFromState(host: HostContext, keyPointer: number, keyLength: number): void {
  host.state.remove(host.stateKey(keyPointer, keyLength));
}
