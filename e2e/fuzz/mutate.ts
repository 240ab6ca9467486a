import { MESSAGE_TYPES } from '@enigma-worker/protocol';
import { type Fields, validRequests } from '../harness/valid.js';
import type { Random } from './random.js';

const VALID = validRequests();
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  -0,
  0.1,
  255,
  256,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e300,
  '',
  '0x',
  '0xab',
  'ab',
  'ABAB',
  'zz',
  '00'.repeat(32),
  'ff'.repeat(64),
  'ab'.repeat(33),
  '\u0000',
  '\ud800',
  'é'.repeat(20),
  '__proto__',
  '18446744073709551616',
  'H4sIAAAAAAAAAwMAAAAAAAAAAAA=',
  [],
  [[]],
  [null],
  [0, 1, 255],
  [256],
  Array.from({ length: 300 }, () => 7),
  {},
  { address: 'ab'.repeat(32) },
  { a: { b: { c: {} } } },
];
const NAMES = ['added', '', 'input', 'address', 'id', 'type', '__proto__'];
const SNIPPETS = [
  '1e999',
  '-0',
  '\\u0000',
  '\\ud800',
  '"',
  '{',
  '[',
  ']',
  '}',
  ',',
  ':',
  '\u00a0',
  '\ufeff',
  '1'.repeat(400),
];

/** The text of one request, bent in its structure, in its text, in both or not at all; or mere noise. */
export function requestFrame(random: Random): Uint8Array {
  if (random.chance(0.05)) return random.bytes(random.below(600));
  const type = random.pick(MESSAGE_TYPES);
  const message: Fields = { id: `fuzz ${random.below(1e9)}`, type, ...structuredClone(VALID[type]) };
  for (let count = random.below(4); count > 0; count--) bend(message, random);
  let text = JSON.stringify(message);
  for (let count = random.pick([0, 0, 0, 1, 2]); count > 0; count--) text = scratch(text, random);
  const bytes = Buffer.from(text);
  if (bytes.length > 0 && random.chance(0.05)) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

/** Changes one thing somewhere in a tree of objects and lists. */
function bend(root: Fields, random: Random): void {
  let parent: Fields = root;
  for (;;) {
    const keys = Object.keys(parent);
    const key = keys.length === 0 ? 'added' : random.pick(keys);
    const value = parent[key];
    if (typeof value === 'object' && value !== null && random.chance(0.7)) {
      parent = value as Fields;
      continue;
    }
    switch (random.below(6)) {
      case 0:
        delete parent[key];
        return;
      case 1:
        parent[key] = [value];
        return;
      case 2:
        put(parent, random.pick(NAMES), random.pick(VALUES));
        return;
      case 3:
        parent[key] =
          typeof value === 'string' ? value.slice(0, random.below(value.length + 1)) : String(value);
        return;
      default:
        put(parent, key, random.pick(VALUES));
        return;
    }
  }
}

/** Adds or replaces a field by a copy of a value, whatever its name. */
function put(parent: Fields, name: string, value: unknown): void {
  const own = { value: structuredClone(value), enumerable: true, configurable: true, writable: true };
  Object.defineProperty(parent, name, own);
}

/** Changes something in a text without regard for what it means. */
function scratch(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const length = random.below(20);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + random.pick(SNIPPETS) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
    case 3:
      return text.slice(0, at);
    default:
      return text.slice(0, at) + String.fromCharCode(random.below(0x3000)) + text.slice(at + 1);
  }
}
