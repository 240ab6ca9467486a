import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Dialect,
  encodeError,
  encodeFailedTask,
  encodeReply,
  encodeRequest,
  MESSAGE_TYPES,
  type MessageType,
  parseReply,
  parseRequest,
} from '@enigma-worker/protocol';
import { CASES, failedTask, type MessageCase, requestId } from './cases.js';

const dialect = fc.constantFrom<Dialect>('seed', 'v0.3');

describe.each(MESSAGE_TYPES)('%s', <T extends MessageType>(type: T) => {
  const { request, result }: MessageCase<T> = CASES[type];

  it('comes to the responder as it was sent, in both dialects', () => {
    fc.assert(
      fc.property(request, requestId, dialect, (input, id, spoken) => {
        const frame = encodeRequest(type, id, input, spoken);
        expect(parseRequest(frame)).toEqual({ type, id, input });
        expect(JSON.parse(new TextDecoder().decode(frame))).toMatchObject({ type });
      }),
    );
  });

  it('comes back to the requester as it was answered, in both dialects', () => {
    fc.assert(
      fc.property(result, requestId, dialect, (answer, id, spoken) => {
        const frame = encodeReply(type, id, answer, spoken);
        expect(parseReply(type, frame)).toEqual({ id, kind: 'result', result: answer });
        expect(JSON.parse(new TextDecoder().decode(frame))).toMatchObject({ type });
      }),
    );
  });

  it('may be answered with an error or a failed task', () => {
    fc.assert(
      fc.property(
        failedTask,
        requestId,
        fc.string({ unit: 'grapheme' }),
        dialect,
        (answer, id, message, spoken) => {
          const error = encodeError({ id, type }, message, spoken);
          expect(parseReply(type, error)).toEqual({ id, kind: 'error', message });
          const failed = encodeFailedTask(id, answer, spoken);
          expect(parseReply(type, failed)).toEqual({ id, kind: 'failedTask', result: answer });
        },
      ),
      { numRuns: 30 },
    );
  });
});
