import type { Gate } from '../../executors/gate.js';
import type { StateReader } from '../../vm/call.js';

/** A state for a running contract: reads go to the database, in which the thread must not be ended. */
export function gated(gate: Gate, state: StateReader): StateReader {
  return { read: (key) => gate.shut(() => state.read(key)) };
}
