import { describe, expect, it } from 'vitest';
import { ValueCache } from '#enclave/state/value-store.js';

const sealed = (number: number): Uint8Array => new Uint8Array(40).fill(number);

describe('ValueCache', () => {
  it('gives back the text of the very envelope that was opened', () => {
    const uses: string[] = [];
    const cache = new ValueCache({
      cacheUse: { hit: () => void uses.push('hit'), miss: () => void uses.push('miss') },
    });
    cache.begin();
    cache.set('place', sealed(1), 'text');
    expect(cache.get('place', sealed(1))).toBe('text');
    expect(cache.get('place', sealed(2))).toBeUndefined();
    expect(cache.get('elsewhere', sealed(1))).toBeUndefined();
    cache.set('place', sealed(2), 'other');
    expect(cache.get('place', sealed(2))).toBe('other');
    expect(uses).toEqual(['hit', 'miss', 'miss', 'hit']);
  });

  it('keeps so many bytes at most', () => {
    const cache = new ValueCache({ cacheBytes: 20_000 });
    for (let number = 0; number < 100; number++)
      cache.set(`place ${number}`, sealed(number), 'x'.repeat(100));
    expect(cache.size).toBeGreaterThan(20);
    expect(cache.size).toBeLessThan(100);
    expect(cache.get('place 99', sealed(99))).toHaveLength(100);
  });

  it('lets go of what nobody asks for, a bounded number with each task', () => {
    let now = 0;
    const cache = new ValueCache({ idleMs: 1000, now: () => now });
    cache.begin();
    for (let number = 0; number < 100; number++) cache.set(`place ${number}`, sealed(number), 'text');
    now = 1999;
    cache.begin();
    expect(cache.size).toBe(100);
    expect(cache.get('place 7', sealed(7))).toBe('text');
    now = 2000;
    cache.begin();
    expect(cache.size).toBe(36);
    cache.begin();
    expect(cache.size).toBe(1);
    expect(cache.get('place 7', sealed(7))).toBe('text');
    now = 10_000;
    cache.begin();
    expect(cache.size).toBe(0);
    cache.begin();
  });
});
