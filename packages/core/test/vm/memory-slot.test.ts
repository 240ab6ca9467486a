import { equalBytes } from '@enigma-worker/crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkBytes } from '#vm/guest-memory.js';
import { emptyImage, MemorySlot, type MemoryImage } from '#vm/memory-slot.js';

const size = 120 * 65_536;
const newSlot = (): MemorySlot => new MemorySlot(120);

/** What a memory with an image looks like. */
function expected(image: MemoryImage): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const extent of image) bytes.set(extent.bytes, extent.offset);
  return bytes;
}

const range = fc.record({ offset: fc.nat(size - 300_000), length: fc.nat(300_000) });
const ranges = fc.array(range, { maxLength: 6 });

/** A slot as an instantiation with data segments leaves it. */
function slotWith(segments: readonly { offset: number; length: number }[]): {
  slot: MemorySlot;
  image: MemoryImage;
} {
  const slot = newSlot();
  segments.forEach(({ offset, length }, index) => slot.bytes.fill(index + 1, offset, offset + length));
  return { slot, image: slot.adopt(segments) };
}

describe('MemorySlot', () => {
  it('takes what the data segments left as its image', () => {
    fc.assert(
      fc.property(ranges, (segments) => {
        const { slot, image } = slotWith(segments);
        expect(equalBytes(slot.bytes, expected(image))).toBe(true);
        for (let i = 1; i < image.length; i++) {
          expect(image[i]!.offset).toBeGreaterThan(image[i - 1]!.offset + image[i - 1]!.bytes.length);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('brings back the image in the chunks that were written, wherever the writes fell', () => {
    fc.assert(
      fc.property(ranges, ranges, (segments, writes) => {
        const { slot, image } = slotWith(segments);
        const dirty = new Set<number>();
        for (const { offset, length } of writes) {
          slot.bytes.fill(0xff, offset, offset + length);
          const last = Math.floor((offset + length - 1) / chunkBytes);
          if (length > 0) for (let c = Math.floor(offset / chunkBytes); c <= last; c++) dirty.add(c);
        }
        for (const chunk of dirty) slot.restore(chunk * chunkBytes, Math.min((chunk + 1) * chunkBytes, size));
        expect(equalBytes(slot.bytes, expected(image))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves nothing of one image in another', () => {
    fc.assert(
      fc.property(ranges, ranges, (first, second) => {
        const { slot, image } = slotWith(first);
        slot.install(emptyImage);
        expect(slot.bytes.every((byte) => byte === 0)).toBe(true);
        second.forEach(({ offset, length }) => slot.bytes.fill(0x77, offset, offset + length));
        const other = slot.adopt(second);
        slot.install(image);
        expect(equalBytes(slot.bytes, expected(image))).toBe(true);
        slot.install(other);
        expect(equalBytes(slot.bytes, expected(other))).toBe(true);
        slot.wipe();
        expect(slot.image).toBe(emptyImage);
        expect(equalBytes(slot.bytes, new Uint8Array(size))).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('keeps few extents, however many segments there are', () => {
    const segments = Array.from({ length: 50_000 }, (_, index) => ({ offset: index * 100, length: 1 }));
    expect(slotWith(segments).image.length).toBe(1);
  });
});
