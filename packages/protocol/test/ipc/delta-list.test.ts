import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeltaListWriter, encodeReply } from '@enigma-worker/protocol';

const address = fc.uint8Array({ minLength: 32, maxLength: 32 });
const delta = fc.record({
  address,
  key: fc.integer({ min: 0, max: 0xffff_ffff }),
  data: fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ minLength: 5000, maxLength: 40_000 })),
});

/** Memory that is full of what was there before, and knows what is lent. */
class DirtyMemory {
  readonly lent = new Set<ArrayBufferLike>();

  take(bytes: number): Uint8Array {
    const memory = new Uint8Array(bytes + (bytes % 7)).fill(0x41);
    this.lent.add(memory.buffer);
    return memory;
  }

  giveBack({ buffer }: Uint8Array): void {
    expect(this.lent.delete(buffer)).toBe(true);
  }
}

it('writes what encodeReply writes, however many were expected', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('GetDeltas', 'GetTips', 'GetAllTips'),
      fc.constantFrom('seed', 'v0.3'),
      fc.oneof(fc.string(), fc.integer()),
      fc.array(delta, { maxLength: 12 }),
      fc.integer({ min: 0, max: 1000 }),
      (type, dialect, id, deltas, expected) => {
        const memory = new DirtyMemory();
        const list = new DeltaListWriter(type, id, dialect, memory);
        list.expect(expected);
        for (const { address, key, data } of deltas) list.add(address, key, data);
        const reply = list.finish();
        const whole =
          type === 'GetDeltas'
            ? encodeReply(type, id, { deltas }, dialect)
            : encodeReply(type, id, { tips: deltas }, dialect);
        expect(Buffer.from(reply).equals(whole)).toBe(true);
        expect(Array.from(memory.lent)).toEqual([reply.buffer]);
      },
    ),
    { numRuns: 200 },
  );
});

it('one of many does not grow again and again', () => {
  const memory = new DirtyMemory();
  let taken = 0;
  const counting = {
    take: (bytes: number) => (taken++, memory.take(bytes)),
    giveBack: memory.giveBack.bind(memory),
  };
  const list = new DeltaListWriter('GetDeltas', 1, 'seed', counting);
  list.expect(5000);
  for (let key = 0; key < 5000; key++) list.add(new Uint8Array(32), key, new Uint8Array(300).fill(key));
  expect(list.finish().length).toBeGreaterThan(5000 * 600);
  expect(taken).toBeLessThanOrEqual(4);
});

it('takes no memory for more than any reply holds', () => {
  let largest = 0;
  const memory = {
    take: (bytes: number) => ((largest = Math.max(largest, bytes)), new Uint8Array(bytes)),
    giveBack: () => undefined,
  };
  const list = new DeltaListWriter('GetDeltas', 1, 'seed', memory);
  list.expect(2 ** 32);
  for (let key = 0; key < 100; key++) list.add(new Uint8Array(32), key, new Uint8Array(3000));
  expect(list.finish().length).toBeGreaterThan(100 * 3000);
  expect(largest).toBeLessThan(65 * 2 ** 20);
});

it('gives its memory back when it is not finished', () => {
  const memory = new DirtyMemory();
  const list = new DeltaListWriter('GetTips', 'id', 'seed', memory);
  for (let key = 0; key < 100; key++) list.add(new Uint8Array(32), key, new Uint8Array(3000));
  list.discard();
  expect(memory.lent.size).toBe(0);
});
