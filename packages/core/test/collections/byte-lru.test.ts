import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteLru } from '#collections/byte-lru.js';

describe('ByteLru', () => {
  it('lets go of what was not used for longest', () => {
    const lru = new ByteLru<number>(30);
    lru.set('a', 1, 10);
    lru.set('b', 2, 10);
    lru.set('c', 3, 10);
    expect(lru.get('a')).toBe(1);
    lru.set('d', 4, 10);
    expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.get('d')]).toEqual([1, undefined, 3, 4]);
    expect(lru.bytes).toBe(30);
  });

  it('tells what was not used for longest, and lets go of it', () => {
    const lru = new ByteLru<number>(30);
    expect(lru.oldest).toBeUndefined();
    lru.deleteOldest();
    for (const key of ['a', 'b']) lru.set(key, key.charCodeAt(0), 10);
    lru.get('a');
    expect(lru.oldest).toBe(98);
    lru.deleteOldest();
    expect([lru.oldest, lru.size, lru.bytes, lru.get('b')]).toEqual([97, 1, 10, undefined]);
  });

  it('replaces the value of a key, and its size', () => {
    const lru = new ByteLru<number>(30);
    lru.set('a', 1, 10);
    lru.set('a', 2, 25);
    expect(lru.get('a')).toBe(2);
    expect(lru.bytes).toBe(25);
  });

  it('keeps a value larger than its capacity while it is the newest', () => {
    const lru = new ByteLru<number>(30);
    lru.set('a', 1, 10);
    lru.set('b', 2, 100);
    expect([lru.get('a'), lru.get('b')]).toEqual([undefined, 2]);
    lru.set('c', 3, 1);
    expect([lru.get('b'), lru.get('c')]).toEqual([undefined, 3]);
  });

  it('never holds more than its capacity but for the newest, and knows how much it holds', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      bytes: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const lru = new ByteLru<number>(60);
        const sizes = new Map<string, number>();
        for (const { key, bytes } of steps) {
          lru.set(key, bytes, bytes);
          sizes.set(key, bytes);
          expect(lru.get(key)).toBe(bytes);
          const held = [...sizes].filter(([name]) => lru.get(name) !== undefined);
          expect(lru.bytes).toBe(held.reduce((sum, [, size]) => sum + size, 0));
          expect(lru.size).toBe(held.length);
          expect(lru.bytes <= 60 || lru.size === 1).toBe(true);
        }
        lru.clear();
        expect([lru.bytes, lru.size]).toEqual([0, 0]);
      }),
    );
  });
});
