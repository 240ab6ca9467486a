import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database } from '#store/database.js';
import { StoreError } from '#store/errors.js';
import { bytes, storeErrorOf, temporaryFolder } from './support.js';

async function temporaryDatabase(): Promise<Database> {
  const db = Database.open(await temporaryFolder());
  onTestFinished(() => db.close());
  return db;
}

const key = (text: string): Uint8Array => Buffer.from(text);

describe('write', () => {
  it('what fails after it wrote is undone, and takes nothing else with it', async () => {
    const db = await temporaryDatabase();
    const results = await Promise.allSettled([
      db.write(() => db.put('blobs', key('a'), bytes(3, 1))),
      db.write(() => {
        db.put('blobs', key('b'), bytes(3, 2));
        throw new Error('half way');
      }),
      db.write(() => db.put('blobs', key('c'), bytes(3, 3))),
      db.write(() => {
        throw new StoreError('CONFLICT', 'before it wrote');
      }),
      db.write(() => db.get('blobs', key('a'))),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(results[1]).toMatchObject({ reason: { code: 'IO' } });
    expect(results[3]).toMatchObject({ reason: { code: 'CONFLICT' } });
    // Each sees what those before it did.
    expect(results[4]).toMatchObject({ value: bytes(3, 1) });
    expect(['a', 'b', 'c'].map((name) => db.get('blobs', key(name))?.length)).toEqual([3, undefined, 3]);
  });

  it('a lone one that fails after it wrote is undone', async () => {
    const db = await temporaryDatabase();
    // The second and third go another way than the first, on a fast disk.
    for (const name of ['a', 'b', 'c']) {
      const failing = db.write(() => {
        db.put('blobs', key(name), bytes(3, 1));
        throw new Error('half way');
      });
      expect((await storeErrorOf(() => failing)).code).toBe('IO');
      expect(db.get('blobs', key(name))).toBeUndefined();
      await db.write(() => db.put('blobs', key(`${name}${name}`), bytes(3, 1)));
    }
  });
});

describe('entries', () => {
  it('are found by prefix and range as by comparing keys', async () => {
    const db = await temporaryDatabase();
    const byte = fc.constantFrom(0, 1, 2, 254, 255);
    const four = fc.array(byte, { minLength: 4, maxLength: 4 }).map((items) => Uint8Array.from(items));
    const prefixes = fc.array(byte, { minLength: 1, maxLength: 3 }).map((items) => Uint8Array.from(items));
    await fc.assert(
      fc.asyncProperty(
        fc.array(four, { maxLength: 30 }),
        prefixes,
        four,
        four,
        async (keys, prefix, a, b) => {
          await db.write(() => {
            for (const old of Array.from(db.keys('blobs'))) db.remove('blobs', old);
            for (const each of keys) db.put('blobs', each, each);
          });
          const all = [...new Map(keys.map((each) => [String(each), each])).values()].toSorted((x, y) =>
            Buffer.compare(x, y),
          );
          const begins = (each: Uint8Array): boolean =>
            Buffer.compare(each.subarray(0, prefix.length), prefix) === 0;
          const [start, end] = Buffer.compare(a, b) < 0 ? [a, b] : [b, a];
          const inRange = (each: Uint8Array): boolean =>
            Buffer.compare(each, start) >= 0 && Buffer.compare(each, end) < 0;
          expect([...db.keys('blobs')]).toEqual(all);
          expect([...db.keys('blobs', { prefix })]).toEqual(all.filter(begins));
          expect(db.lastKey('blobs', prefix)).toEqual(all.findLast(begins));
          expect([...db.entries('blobs', { start, end })].map(({ value }) => value)).toEqual(
            all.filter(inRange),
          );
          expect([...db.keys('blobs', { prefix, limit: 2 })]).toEqual(all.filter(begins).slice(0, 2));
        },
      ),
      { numRuns: 60 },
    );
  });
});
