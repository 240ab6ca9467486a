import { describe, expect, it } from 'vitest';
import { parseReply, ProtocolError } from '@enigma-worker/protocol';
import { bytesOf, refusalOf } from './refusal.js';

describe('frames that are no request', () => {
  it.each([
    ['', 'message: expected a JSON object at byte 0, got its end'],
    ['   ', 'message: expected a JSON object at byte 3, got its end'],
    ['[]', 'message: expected a JSON object at byte 0, got something else'],
    ['"x"', 'message: expected a JSON object at byte 0, got something else'],
    ['null', 'message: expected a JSON object at byte 0'],
    ['\ufeff{}', 'message: expected a JSON object at byte 0'],
    ['{', 'message: expected a field name at byte 1, got its end'],
    ['{"a"}', "message: expected ':' at byte 4"],
    ['{"a":}', 'message: expected a value at byte 5'],
    ['{"a":1', "message: expected ',' or '}' at byte 6, got its end"],
    ['{"a":1,}', 'message: expected a field name at byte 7'],
    ['{"a":01}', 'message: expected no leading zeros at byte 6'],
    ['{"a":1.}', 'message: expected a digit after the point at byte 7'],
    ['{"a":1e}', 'message: expected a digit in the exponent at byte 7'],
    ['{"a":+1}', 'message: expected a value at byte 5'],
    ['{"a":-}', 'message: expected a value at byte 6'],
    ['{"a":tru}', 'message: expected a value at byte 5'],
    ['{"a":"\\x"}', 'message: expected a valid escape at byte 6'],
    ['{"a":"\\u12g4"}', 'message: expected a valid escape at byte 6'],
    ['{"a":"\n"}', 'message: expected the end of a text at byte 6'],
    ['{"a":[1,2}', "message: expected ',' or ']' at byte 9"],
    ['{"a":[1,]}', 'message: expected a value at byte 8'],
    ['{} {}', 'message: expected the end of the message at byte 3'],
  ])('%j is refused with id null', (text, message) => {
    const refusal = refusalOf(text);
    expect(refusal.message.startsWith(message), refusal.message).toBe(true);
    expect(refusal).toMatchObject({ code: 'JSON_INVALID', id: null });
    expect(refusal.type).toBeUndefined();
  });

  it('bytes that are not UTF-8 are refused where they matter', () => {
    const frame = bytesOf('{"id":"??","type":"GetAllTips"}');
    frame[7] = 0xff;
    expect(refusalOf(frame)).toMatchObject({ code: 'ID_INVALID', id: null, type: 'GetAllTips' });
  });

  it('what could be read of a broken request is in its error', () => {
    expect(refusalOf('{"id":7,"type":"GetTip","input":"00"')).toMatchObject({
      code: 'JSON_INVALID',
      id: 7,
      type: 'GetTip',
    });
  });

  it.each([
    ['{"type":"GetTip"}', 'id: expected a string or an integer, got nothing'],
    ['{"id":null,"type":"GetTip"}', 'id: expected a string or an integer, got null'],
    [
      '{"id":1.5,"type":"GetTip"}',
      'id: expected a string or an integer, got a number that is not a plain integer',
    ],
    ['{"id":{},"type":"GetTip"}', 'id: expected a string or an integer, got an object'],
    ['{"id":[1],"type":"GetTip"}', 'id: expected a string or an integer, got a list of 1 bytes'],
    [
      `{"id":${'1'.repeat(1001)},"type":"GetTip"}`,
      'id: expected a string or an integer, got an integer of more than 1000 digits',
    ],
  ])('%s has no id', (text, message) => {
    const refusal = refusalOf(text);
    expect(refusal.message.startsWith(message), refusal.message).toBe(true);
    expect(refusal).toMatchObject({ code: 'ID_INVALID', id: null, type: 'GetTip' });
  });

  it.each([
    ['{"id":"x"}', 'type: expected the name of a message, got nothing'],
    ['{"id":"x","type":7}', 'type: expected the name of a message, got an integer'],
    ['{"id":"x","type":"Nope"}', 'type: expected the name of a message, got one that is unknown'],
    ['{"id":"x","type":"toString"}', 'type: expected the name of a message, got one that is unknown'],
    ['{"id":"x","type":"__proto__"}', 'type: expected the name of a message, got one that is unknown'],
    ['{"id":"x","type":"FailedTask"}', 'type: expected the name of a message, got one that is unknown'],
  ])('%s has no type', (text, message) => {
    const refusal = refusalOf(text);
    expect(refusal.message).toBe(message);
    expect(refusal).toMatchObject({ code: 'TYPE_UNKNOWN', id: 'x' });
    expect(refusal.type).toBeUndefined();
  });
});

describe('replies that are none', () => {
  function codeOf(text: string): string | undefined {
    try {
      parseReply('GetTip', bytesOf(text));
      return undefined;
    } catch (error) {
      return error instanceof ProtocolError ? error.code : 'another error';
    }
  }

  it.each([
    ['', 'JSON_INVALID'],
    ['{}', 'REPLY_INVALID'],
    ['{"id":null,"type":"GetTip","result":{}}', 'REPLY_INVALID'],
    ['{"id":1,"type":"GetTip"}', 'FIELD_MISSING'],
    ['{"id":1,"type":"GetTip","result":[]}', 'FIELD_INVALID'],
    ['{"id":1,"type":"GetTip","result":{"key":1}}', 'FIELD_MISSING'],
    ['{"id":1,"type":"GetTip","result":{"key":"x","data":[]}}', 'FIELD_INVALID'],
    ['{"id":1,"type":"FailedTask","result":{}}', 'FIELD_MISSING'],
  ])('%j', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});
