import * as fc from 'fast-check';
import type { Json } from '#state/json.js';

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const key = fc.oneof(
  text,
  fc.constantFrom('', '/', '~', '~1', '~0', 'a/b', '0', '1', '-', '__proto__', 'é', '\u{1f600}', '\uffff'),
);

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  text,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const tree = fc.letrec<{ node: Json; array: Json[]; object: Map<string, Json> }>((tie) => ({
  node: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie('array'), tie('object')),
  array: fc.array(tie('node'), { maxLength: 6 }),
  object: fc.array(fc.tuple(key, tie('node')), { maxLength: 6 }).map((entries) => new Map(entries)),
}));

/** Any key of an object. */
export const jsonKey: fc.Arbitrary<string> = key;

/** Any JSON value, small. */
export const json: fc.Arbitrary<Json> = tree.node;

/** Any JSON object, small. */
export const jsonObject: fc.Arbitrary<Map<string, Json>> = tree.object;
