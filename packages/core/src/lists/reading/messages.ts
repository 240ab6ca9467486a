import type { Dialect, Limits } from '@enigma-worker/protocol';
import type { StoreErrorCode } from '../../store/errors.js';

/** What the thread that reads lists is started with. */
export interface ReadingSetup {
  /** Where the store is read. */
  readonly folder: string;
  readonly dialect: Dialect;
  readonly limits: Limits;
}

/** To the thread: a request, memory of a reply that has left, or `close` once no more requests will come. */
export type ToReading =
  { readonly number: number; readonly frame: Uint8Array } | { readonly memory: ArrayBuffer } | 'close';

/** From the thread: `ready` once, then what has become of requests; without a code it is a bug. */
export type FromReading =
  | 'ready'
  | { readonly number: number; readonly reply: Uint8Array<ArrayBuffer> }
  | { readonly number: number; readonly code: StoreErrorCode | undefined; readonly message: string };
