import type { JournalCipher } from './cipher.js';

/** Options of a store that is held in memory, and on the disk only as a sealed journal. */
export interface MemoryOptions {
  /** Seals the journal. */
  readonly cipher: JournalCipher;
  /** Bytes of the memory map; 256 MiB by default. */
  readonly bytes?: number;
  /** A folder of a memory file system, where the map has its file; the system's temporary folder by default. */
  readonly folder?: string;
  /** Bytes below which the journal is not packed; 16 MiB by default. */
  readonly shortestToPack?: number;
}
