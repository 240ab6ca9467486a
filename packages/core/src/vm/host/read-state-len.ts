import type { HostContext } from './context.js';

/** What a key that does not exist reads as. */
export const missingText = 'null';

/** `read_state_len(key, keyLength) -> length`: how many bytes `read_state` would write for the same key. */
export function readStateLen(host: HostContext, keyPointer: number, keyLength: number): number {
  return Buffer.byteLength(host.state.read(host.stateKey(keyPointer, keyLength)) ?? missingText);
}
