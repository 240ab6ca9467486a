import { parseJson, printJson, StateError } from '@enigma-worker/protocol';
import { stop } from '../failure.js';
import { gasPrices } from '../gas.js';
import type { HostContext } from './context.js';

/**
 * `write_state(key, keyLength, value, valueLength)`: sets a top-level key of the state to a JSON text.
 *
 * The price follows the length of the text as the contract gives it, so that it can be charged before the text is
 * looked at. The old length is that of the text as `read_state` would give it: no other is left.
 */
export function writeState(
  host: HostContext,
  keyPointer: number,
  keyLength: number,
  pointer: number,
  length: number,
): void {
  const key = host.stateKey(keyPointer, keyLength);
  const value = host.memory.read(pointer, length);
  const old = host.state.read(key);
  const growth = value.length - (old === undefined ? 0 : Buffer.byteLength(old));
  if (growth >= 0) host.meter.charge(gasPrices.writeState + gasPrices.writeStateByte * growth);
  else host.meter.giveBack(gasPrices.writeStateByte * -growth);

  const most = host.limits.stateValueBytes;
  if (value.length > most)
    throw stop(`write_state: the value has ${value.length} bytes, at most ${most} are allowed`);
  host.state.write(key, normalised(value));
}

/** Compact JSON with sorted keys and exact integers. */
function normalised(value: Uint8Array): string {
  try {
    return printJson(parseJson(value));
  } catch (error) {
    if (error instanceof StateError) throw stop(`write_state: the value is not JSON: ${error.message}`);
    throw error;
  }
}
