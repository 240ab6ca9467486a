import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeError,
  encodeRequest,
  MESSAGE_TYPES,
  type MessageType,
  parseReply,
  parseRequest,
  ProtocolError,
  RequestError,
} from '@enigma-worker/protocol';
import { CASES, type MessageCase, requestId } from './cases.js';

/** A valid frame of any message. */
const validFrame = fc.constantFrom(...MESSAGE_TYPES).chain(<T extends MessageType>(type: T) => {
  const { request }: MessageCase<T> = CASES[type];
  const dialect = fc.constantFrom('seed' as const, 'v0.3' as const);
  return fc
    .tuple(request, requestId, dialect)
    .map(([input, id, spoken]) => encodeRequest(type, id, input, spoken));
});

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array;
}

const fragments = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  'null',
  'true',
  '-',
  '1e9',
  '0.5',
  '99999999999999999999',
  '"id":',
  '"type":',
  '"input":',
  '"__proto__":',
  '"GetTip"',
  '[[',
  '{"a":',
  '\u0000',
  '\u00ff',
].map((text) => new TextEncoder().encode(text));

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  remove: fc.oneof(fc.nat(4), fc.nat(200)),
  insert: fc.oneof(fc.constantFrom(...fragments), fc.uint8Array({ maxLength: 6 })),
});

function apply(frame: Uint8Array, { at, remove, insert }: Edit): Uint8Array {
  const start = at % (frame.length + 1);
  return Uint8Array.from([...frame.subarray(0, start), ...insert, ...frame.subarray(start + remove)]);
}

const anyFrame = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.json().map((text) => new TextEncoder().encode(text)) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(validFrame, fc.array(edit, { minLength: 1, maxLength: 4 }))
      .map(([frame, edits]) => edits.reduce(apply, frame)),
  },
);

describe('any frame', () => {
  it('is a request, or is refused with one error that can be answered', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const before = frame.slice();
        try {
          const { type, id } = parseRequest(frame);
          expect(MESSAGE_TYPES).toContain(type);
          expect(id).not.toBeNull();
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
          const reply = encodeError(error, error.message, 'seed');
          expect(JSON.parse(new TextDecoder().decode(reply))).toMatchObject({ type: error.type ?? 'Error' });
        }
        expect(frame).toEqual(before);
      }),
      { numRuns: 2500 },
    );
  });

  it('is a reply, or is refused with a typed error', () => {
    fc.assert(
      fc.property(anyFrame, fc.constantFrom(...MESSAGE_TYPES), (frame, type) => {
        try {
          expect(['result', 'failedTask', 'error']).toContain(parseReply(type, frame).kind);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }),
      { numRuns: 1500 },
    );
  });
});
