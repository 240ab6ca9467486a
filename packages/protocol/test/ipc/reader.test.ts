import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '@enigma-worker/protocol';
import { readByteList } from '#ipc/json/byte-list.js';
import { NameTable } from '#ipc/json/names.js';
import { readJson } from '#ipc/json/reader.js';
import { JsonFraction, JsonList, JsonObject, JsonText, type JsonValue } from '#ipc/json/value.js';
import { JsonWriter, textBound } from '#ipc/json/writer.js';
import { bytesOf } from './refusal.js';

const KEEP_ALL = { ...DEFAULT_LIMITS, listItems: 1_000_000 };

function isObjectJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** What `JSON.parse` would make of a value that was read. */
function plain(value: JsonValue | undefined, names: readonly string[]): unknown {
  if (value instanceof JsonText) return value.decode();
  if (value instanceof JsonFraction) return 'a fraction';
  if (value instanceof Uint8Array) return Array.from(value);
  if (value instanceof JsonList) return value.items.map((item) => plain(item, names));
  if (value instanceof JsonObject) {
    const present = names.filter((name) => value.get(name) !== undefined);
    return Object.fromEntries(present.map((name) => [name, plain(value.get(name), names)]));
  }
  return value;
}

describe('the JSON reader', () => {
  const names = ['a', 'b', 'input', 'é', '', 'constructor', '__proto__'];
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: 'binary', maxLength: 10 }),
    fc.maxSafeInteger(),
    fc.nat(255),
  );
  const tree = fc.letrec<{ value: unknown; list: unknown[]; object: object }>((tie) => ({
    value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie('list'), tie('object')),
    list: fc.oneof(fc.array(tie('value'), { maxLength: 5 }), fc.array(fc.nat(255), { maxLength: 8 })),
    object: fc
      .array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  }));

  it('reads what JSON.parse reads', () => {
    const table = new NameTable(names);
    const space = fc.constantFrom('', ' ', '\t', '\n  ');
    fc.assert(
      fc.property(tree.object, space, (object, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        const outcome = readJson(bytesOf(text), table, KEEP_ALL);
        expect(outcome.ok).toBe(true);
        const expected: unknown = JSON.parse(text);
        const actual = plain(outcome.message, names);
        expect(JSON.stringify(actual, sortedKeys)).toBe(JSON.stringify(expected, sortedKeys));
      }),
    );
  });

  it('accepts exactly what JSON.parse accepts, whatever is changed in a text', () => {
    const table = new NameTable(names);
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '1',
      '-',
      '.',
      'e',
      'u',
      ' ',
      '\n',
      'null',
      '\u0001',
    );
    const edited = fc
      .tuple(tree.object, fc.nat(), fc.nat(3), pieces)
      .map(([object, at, remove, piece]) => {
        const text = JSON.stringify(object);
        const start = at % (text.length + 1);
        return text.slice(0, start) + piece + text.slice(start + remove);
      })
      // Half a pair becomes another character on its way to bytes.
      .filter((text) => !/\p{Surrogate}/u.test(text));
    fc.assert(
      fc.property(edited, (text) => {
        expect(readJson(bytesOf(text), table, KEEP_ALL).ok).toBe(isObjectJson(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('knows a name however it is escaped', () => {
    const ascii = fc.string({ unit: 'binary-ascii', maxLength: 12 });
    const styles = fc.array(fc.nat(2), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(ascii, fc.array(ascii), styles, (name, others, chosen) => {
        const table = new NameTable([name, ...others]);
        const escaped = Array.from(name, (character, i) => {
          const unit = character.charCodeAt(0).toString(16).padStart(4, '0');
          const shortest = JSON.stringify(character).slice(1, -1);
          return [shortest, `\\u${unit}`, `\\u${unit.toUpperCase()}`][chosen[i]!];
        }).join('');
        for (const [text, expected] of [
          [escaped, 7],
          [escaped.replaceAll('/', '\\/'), 7],
          [`${escaped}\\u0000${escaped}\\u00e9`, undefined],
        ] as const) {
          const outcome = readJson(bytesOf(`{"${text}":7}`), table, DEFAULT_LIMITS);
          expect(outcome).toMatchObject({ ok: true });
          expect(outcome.message?.get(name)).toBe(expected);
        }
      }),
    );
  });

  it('keeps integers exact', () => {
    const table = new NameTable(['a']);
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 39n), max: 10n ** 39n }), (integer) => {
        const { message } = readJson(bytesOf(`{"a":${integer}}`), table, DEFAULT_LIMITS);
        const value = message?.get('a');
        expect(typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : value).toBe(integer);
        expect(typeof value).toBe(Number.isSafeInteger(Number(integer)) ? 'number' : 'bigint');
      }),
    );
  });
});

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('byte lists', () => {
  const spaced = fc.constantFrom('', ' ', '\n', ' \t ');

  it('are read as bytes, however they are spaced', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        spaced,
        spaced,
        (bytes, before, after) => {
          const text = `${before}${Array.from(bytes).join(`${before},${after}`)}${after}]`;
          for (const rest of ['', '}', ',"key":123456789}']) {
            const list = readByteList(bytesOf(text + rest), 0);
            expect(list).toEqual({ bytes, end: text.length });
          }
        },
      ),
    );
  });

  it('are read at any length', () => {
    for (const length of [1, 2, 3, 4, 5, 16_383, 16_384, 16_385, 40_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37) & 0xff);
      const list = readByteList(bytesOf(`${Array.from(bytes).join()}]}`), 0);
      expect(Buffer.compare(list!.bytes, bytes)).toBe(0);
    }
  });

  it.each([
    '256]',
    '999]',
    '1000]',
    '01]',
    '00]',
    '1,02,3]',
    '1,256,3,4,5]',
    '-1]',
    '1.0]',
    '1e1]',
    '1,,2]',
    ',1]',
    '1,]',
    '1 2]',
    '1,2',
    '1,2,',
    '1,2}',
    '1,"2"]',
    '1,[2]]',
    '1,\u00002]',
    '1,2\u0000]',
    '',
    ' ',
    '1;2,3,4,5]',
    '1,2,3,4/5,6]',
  ])('%j is none', (text) => {
    expect(readByteList(bytesOf(text), 0)).toBeUndefined();
    expect(readByteList(bytesOf(`${text}      `), 0)).toBeUndefined();
  });

  it('are exactly what a slow and simple reader takes, whatever is changed in a text', () => {
    const valid = fc
      .uint8Array({ minLength: 3, maxLength: 50 })
      .map((bytes) => bytesOf(`${Array.from(bytes).join()}]}`));
    fc.assert(
      fc.property(valid, fc.nat(), fc.nat(255), (text, at, byte) => {
        const changed = text.slice();
        changed[at % text.length] = byte;
        expect(readByteList(changed, 0)).toEqual(slowByteList(new TextDecoder('latin1').decode(changed)));
      }),
      { numRuns: 2000 },
    );
  });
});

function slowByteList(text: string): ReturnType<typeof readByteList> {
  const whole = /^([ \t\r\n]*(0|[1-9][0-9]{0,2})[ \t\r\n]*[,\]])*/.exec(text)![0];
  const end = whole.indexOf(']') + 1;
  const items = whole
    .slice(0, end - 1)
    .split(',')
    .map(Number);
  if (end === 0 || items.some((item) => item > 255)) return undefined;
  return { bytes: Uint8Array.from(items), end };
}

describe('the JSON writer', () => {
  const written = (bound: number, write: (out: JsonWriter) => void): string => {
    const out = new JsonWriter(bound, 'seed');
    write(out);
    return new TextDecoder().decode(out.finish());
  };

  it('escapes texts as JSON demands', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(written(textBound(text), (out) => out.text(text)))).toBe(text);
      }),
    );
  });

  it('echoes integers exactly', () => {
    for (const integer of [0, -0, 9, 10, -1, 2 ** 53, 2n ** 64n, -(10n ** 39n)]) {
      const expected = Object.is(integer, -0) ? '-0' : integer.toString();
      expect(written(64, (out) => out.integer(integer))).toBe(expected);
    }
  });
});
