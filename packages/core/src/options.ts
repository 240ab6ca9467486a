import type { Dialect, Limits } from '@enigma-worker/protocol';
import type { AttestationProvider } from './enclave/attestation/provider.js';
import type { EnclaveOptions } from './enclave/options.js';
import type { Sealer } from './enclave/sealing/sealer.js';
import type { BindOptions } from './ipc/endpoint.js';
import type { ServerLimits } from './ipc/server.js';
import type { Logger } from '@enigma-worker/host';
import type { MemoryOptions } from './store/memory/options.js';
import type { HttpOptions } from './ops/http.js';

/** What a worker is started with. Everything but the data folder has a default. */
export interface WorkerOptions extends BindOptions {
  /** Folder of the database and of the sealing key; made when it does not exist, with mode 0700. */
  readonly dataDir: string;
  /**
   * Holds the store in memory, with a sealed journal in the data folder: for enclaves, which have neither the address space
   * for a database on the disk nor a disk to be trusted. By default the store is a database on the disk.
   */
  readonly storeInMemory?: StoreInMemory;
  /** How replies are written; requests are understood in both. Default `seed`. */
  readonly dialect?: Dialect;
  /** The principal node's signing address, 20 bytes: key exchanges not signed by it are refused. */
  readonly principalAddress?: Uint8Array;
  /** How often a report about the code is tried for before GetRegistrationParams fails. Default 3. */
  readonly retries?: number;
  /**
   * Whether a report must be had before anything is served: for a platform that was asked for by name. By default the
   * first GetRegistrationParams finds out.
   */
  readonly requireReport?: boolean;
  /**
   * Service provider id of Intel's EPID attestation service, which closed in 2025. Taken so that scripts of the
   * deployed system still run; it has no effect.
   */
  readonly spid?: string;
  /** Bounds on what is read of a request. */
  readonly messageLimits?: Partial<Limits>;
  /** Bounds on what is accepted at one time. */
  readonly queueLimits?: Partial<ServerLimits>;
  /** Executor threads, watchdog, task keys, key exchanges. */
  readonly enclave?: Partial<Omit<EnclaveOptions, 'principalAddress'>>;
  /**
   * At which size, in MiB, the young generation of the main thread's heap stops to grow: V8's own bound is 32. It holds
   * for the whole process while a worker serves, in which other threads then keep the young generations that they have.
   * Default 8; with `Infinity` V8 does as it likes.
   */
  readonly youngGenerationMb?: number;
  /** Serves metrics and health; off when absent. */
  readonly http?: HttpOptions;
  /**
   * How long, in ms, closing waits for accepted requests. What was not begun by then is refused, what still runs is
   * ended, and their replies say so. Default 30,000.
   */
  readonly stopTimeout?: number;
}

/** How a store is held in memory. */
export type StoreInMemory = Pick<MemoryOptions, 'bytes' | 'folder'>;

/** Parts of a worker that can be exchanged. */
export interface WorkerModules {
  readonly log?: Logger;
  /** Default: a key file in the data folder, which protects nothing from the owner of the machine. */
  readonly sealer?: Sealer;
  /** Default: the platform that is found; without one, reports that say they are simulated. */
  readonly attestation?: AttestationProvider;
}

const MEBIBYTE = 1024 * 1024;

/** Bounds that hold unless told otherwise. */
export const DEFAULT_QUEUE_LIMITS: ServerLimits = {
  pending: 4096,
  pendingPerPeer: 1024,
  pendingBytes: 512 * MEBIBYTE,
  running: 256,
  runningPerPeer: 32,
  runningPerLane: 16,
  parts: 1024,
  replyBytes: 256 * MEBIBYTE,
};

/** Bytes of replies that a peer may leave unread. */
export const OUTBOUND_BYTES = 256 * MEBIBYTE;

/** Bytes of unfinished messages and unread replies of all peers. */
export const HELD_BYTES = 512 * MEBIBYTE;

/** See `WorkerOptions.youngGenerationMb`. */
export const YOUNG_GENERATION_MB = 8;

/** How long, in ms, the socket is watched without sleeping after the request of a single peer. */
export const SPIN = 1;
export const DEFAULT_STOP_TIMEOUT = 30_000;
