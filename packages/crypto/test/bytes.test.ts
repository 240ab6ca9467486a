import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  be32,
  be64,
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  fromUtf8,
  HexError,
  isZero,
  keccak256,
  lengthPrefixed,
  randomBytes,
  randomFill,
  toHex,
  utf8,
} from '@enigma-worker/crypto';
import { vectorOf } from './vectors.js';

const bytes = fc.uint8Array({ maxLength: 100 });

describe('length-prefixed concatenation', () => {
  it('gives the known answer', () => {
    const { inputs, outputs } = vectorOf('length-prefixed');
    const parts = (inputs['parts'] as unknown as readonly string[]).map(fromHex);
    const joined = lengthPrefixed(...parts);
    expect(toHex(joined)).toBe(outputs['bytes']);
    expect(toHex(keccak256(joined))).toBe(outputs['keccak256']);
  });

  it('is the length in eight bytes before each part', () => {
    fc.assert(
      fc.property(fc.array(bytes), (parts) => {
        const expected = concat(...parts.flatMap((part) => [be64(part.length), part]));
        expect(lengthPrefixed(...parts)).toEqual(expected);
      }),
    );
  });
});

describe('hex', () => {
  it('comes back as it went out, in any case, with and without 0x', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom('', '0x', '0X'), (data, prefix) => {
        const text = toHex(data);
        expect(text).toBe(Buffer.from(data).toString('hex'));
        expect(fromHex(prefix + text)).toEqual(data);
        expect(fromHex(prefix + text.toUpperCase())).toEqual(data);
      }),
    );
  });

  it.each([' abcd', 'a bcd', 'ab\tcd', 'ab\r\ncd\n', ' 0xabcd', '0x ab cd', '0 xabcd'])(
    'may have white space anywhere: %j',
    (text) => {
      expect(toHex(fromHex(text))).toBe('abcd');
    },
  );

  it.each([
    ['a', 'expected an even number of hex digits, got 1'],
    ['0x0', 'expected an even number of hex digits, got 1'],
    ['0g', 'expected a hex digit at position 1'],
    ['0x0g', 'expected a hex digit at position 3'],
    ['00 0', 'expected a hex digit at position 2'],
    ['é0', 'expected a hex digit at position 0'],
    ['0\u0430', 'expected a hex digit at position 1'],
    ['000x', 'expected a hex digit at position 3'],
    ['ab c g', 'expected a hex digit at position 2'],
    ['ab\vcd0', 'expected a hex digit at position 2'],
    ['ab\u00a0cd0', 'expected a hex digit at position 2'],
  ])('%j is refused', (text, message) => {
    expect(() => fromHex(text)).toThrow(new HexError(message));
  });
});

describe('integers', () => {
  it('are big-endian of fixed width', () => {
    expect(toHex(be32(1))).toBe('00000001');
    expect(toHex(be32(0xffff_ffff))).toBe('ffffffff');
    expect(toHex(be64(1))).toBe('0000000000000001');
    expect(toHex(be64(2n ** 64n - 1n))).toBe('ffffffffffffffff');
  });

  it('out of range are refused', () => {
    for (const value of [-1, 2 ** 32, 0.5, Number.NaN]) expect(() => be32(value)).toThrow(RangeError);
    for (const value of [-1, -1n, 2n ** 64n, 0.5]) expect(() => be64(value)).toThrow(RangeError);
  });
});

describe('byte strings', () => {
  it('are compared as unsigned sequences', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(equalBytes(a, a.slice())).toBe(true);
      }),
    );
  });

  it('are compared to the end, wherever they differ', () => {
    const zeros = new Uint8Array(4 * 1024 * 1024);
    const takes = (at: number): number => {
      const other = zeros.slice();
      other[at] = 1;
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        expect(equalBytes(zeros, other)).toBe(false);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    takes(0);
    expect(takes(0)).toBeGreaterThan(takes(zeros.length - 1) / 20);
  });

  it('know whether they are all zeros', () => {
    expect(isZero(new Uint8Array(0))).toBe(true);
    expect(isZero(new Uint8Array(5))).toBe(true);
    expect(isZero(Uint8Array.of(0, 0, 1))).toBe(false);
  });
});

describe('texts', () => {
  it('come back as they went out, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
        expect(fromUtf8(utf8(`\ufeff${text}`))).toBe(`\ufeff${text}`);
      }),
    );
  });

  it('are encoded as the platform does, long or short, well formed or not', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(fc.nat(0xffff), { maxLength: 80 }).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(text, (any) => {
        expect(utf8(any)).toEqual(new TextEncoder().encode(any));
      }),
    );
  });

  it('that are not UTF-8 are refused', () => {
    for (const broken of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      expect(() => fromUtf8(Uint8Array.from(broken))).toThrow(TypeError);
    }
  });
});

describe('random bytes', () => {
  it('fill what they are asked to fill', () => {
    expect(randomBytes(0).length).toBe(0);
    expect(toHex(randomBytes(32))).not.toBe(toHex(randomBytes(32)));
    const whole = new Uint8Array(40);
    randomFill(whole.subarray(4, 36));
    expect(isZero(whole.subarray(0, 4)) && isZero(whole.subarray(36))).toBe(true);
    expect(isZero(whole.subarray(4, 36))).toBe(false);
  });

  it('are never given twice, also when many are asked for at once', () => {
    const seen = new Set(Array.from({ length: 5000 }, () => toHex(randomBytes(12))));
    expect(seen.size).toBe(5000);
  });
});
