import type { StoreReader } from '../../store/store.js';
import type { Engine } from '../../vm/engine.js';
import type { StateAccess } from '../state/state-access.js';

/** What an executor thread does its jobs with. */
export interface Workshop {
  readonly engine: Engine;
  readonly reader: StoreReader;
  readonly states: StateAccess;
  /** Signs receipts and task keys, 32 bytes. */
  readonly signingKey: Uint8Array;
}
