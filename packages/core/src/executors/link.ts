import type { MessagePort } from 'node:worker_threads';

/** What the main thread hands an executor thread to talk over, within its `workerData`. */
export interface ExecutorLink {
  /** The memory of the {@link Slots}. */
  readonly slots: SharedArrayBuffer;
  /** One 32-bit word, shared by all executors: 1 while the main thread sleeps and wants to be woken. */
  readonly bell: SharedArrayBuffer;
  /** Carries the messages that do not fit a slot; read only when a slot says so. */
  readonly port: MessagePort;
}

/** The message in the port that ends an executor. */
export const CLOSE = null;
