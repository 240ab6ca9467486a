import { stop } from './failure.js';

/** Written memory is remembered in chunks of this many bytes. */
export const chunkBytes = 128 * 1024;

/** The largest memory of a contract, in bytes: 128 pages of 64 KiB. */
const maxMemoryBytes = 128 * 65_536;

/** A full memory has this many chunks: one bit each in 64. */
export const chunkCount = maxMemoryBytes / chunkBytes;

/**
 * The memory of the running contract as host functions see it. Pointers and lengths come as signed `i32` and mean
 * unsigned ones; whatever lies outside of memory stops the contract as a trap does. What the host writes is marked, so
 * that it can be wiped.
 */
export class GuestMemory {
  #bytes: Uint8Array = new Uint8Array(0);
  #size: () => number = () => 0;
  readonly #dirty = new Uint8Array(chunkCount);

  /**
   * Begins a call.
   * @param bytes the physical memory
   * @param size gives the bytes that the contract may use now: it may have grown its memory
   */
  begin(bytes: Uint8Array, size: () => number): void {
    this.#bytes = bytes;
    this.#size = size;
    this.#dirty.fill(0);
  }

  /** Whether the host wrote to chunk `index`. */
  isDirty(index: number): boolean {
    return this.#dirty[index] === 1;
  }

  /**
   * A view of memory to read from, valid until the contract runs on.
   * @throws ContractStop when a byte of it lies outside of memory
   */
  read(pointer: number, length: number): Uint8Array {
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    if (end > this.#size()) throw stop('memory access out of bounds');
    return this.#bytes.subarray(start, end);
  }

  /**
   * A view of memory to write to, valid until the contract runs on.
   * @throws ContractStop when a byte of it lies outside of memory
   */
  write(pointer: number, length: number): Uint8Array {
    const view = this.read(pointer, length);
    if (view.length > 0) {
      const start = pointer >>> 0;
      this.#dirty.fill(
        1,
        Math.floor(start / chunkBytes),
        Math.floor((start + view.length - 1) / chunkBytes) + 1,
      );
    }
    return view;
  }
}
