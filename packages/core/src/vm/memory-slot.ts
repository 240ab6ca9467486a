import { wasm, type WasmMemory } from './webassembly.js';

/** A piece of initial memory: what the data segments of a module leave at `offset`. */
export interface MemoryExtent {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * The initial memory of a module: zero but for these extents, which are sorted and do not overlap. It is compared by
 * identity.
 */
export type MemoryImage = readonly MemoryExtent[];

/** Memory without data segments. */
export const emptyImage: MemoryImage = [];

/**
 * A physical memory, used by one instance after another. A new one costs 150 microseconds of page faults, and reserves
 * 10 GB of address space; to bring back a used one to an initial image costs what the call touched.
 */
export class MemorySlot {
  readonly memory: WasmMemory;
  /** All of it. */
  readonly bytes: Uint8Array;
  /** Its size in pages of 64 KiB, which never changes. */
  readonly pages: number;
  #image: MemoryImage = emptyImage;

  /** @throws RangeError when the system has no address space left */
  constructor(pages: number) {
    this.pages = pages;
    this.memory = new wasm.Memory({ initial: pages, maximum: pages });
    this.bytes = new Uint8Array(this.memory.buffer);
  }

  /** What the memory holds between calls. */
  get image(): MemoryImage {
    return this.#image;
  }

  /** Makes the memory hold `image`, and nothing of what was there before. */
  install(image: MemoryImage): void {
    if (image === this.#image) return;
    for (const { offset, bytes } of this.#image) this.bytes.fill(0, offset, offset + bytes.length);
    for (const { offset, bytes } of image) this.bytes.set(bytes, offset);
    this.#image = image;
  }

  /**
   * Takes note of what an instantiation wrote into a memory that was empty.
   * @param ranges where the data segments lie; any order, and they may overlap
   */
  adopt(ranges: readonly MemoryRange[]): MemoryImage {
    this.#image = merged(ranges).map(({ offset, length }) => ({
      offset,
      bytes: this.bytes.slice(offset, offset + length),
    }));
    return this.#image;
  }

  /** Brings back the image from byte `start` up to `end`. */
  restore(start: number, end: number): void {
    let at = start;
    for (const { offset, bytes } of this.#image) {
      const from = Math.max(offset, at);
      const to = Math.min(offset + bytes.length, end);
      if (from >= to) continue;
      this.bytes.fill(0, at, from);
      this.bytes.set(bytes.subarray(from - offset, to - offset), from);
      at = to;
    }
    this.bytes.fill(0, at, end);
  }

  /** Empties the memory, whatever was written where. */
  wipe(): void {
    this.bytes.fill(0);
    this.#image = emptyImage;
  }
}

/** A part of memory. */
export interface MemoryRange {
  readonly offset: number;
  readonly length: number;
}

/** Gaps shorter than this are kept as zeros of an extent, which bounds the number of extents. */
const shortGap = 4096;

/** Sorted ranges that do not overlap and hold at least the same bytes. */
function merged(ranges: readonly MemoryRange[]): MemoryRange[] {
  const result: { offset: number; length: number }[] = [];
  for (const { offset, length } of ranges
    .filter((range) => range.length > 0)
    .sort((a, b) => a.offset - b.offset)) {
    const last = result.at(-1);
    if (last !== undefined && offset <= last.offset + last.length + shortGap) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else result.push({ offset, length });
  }
  return result;
}
