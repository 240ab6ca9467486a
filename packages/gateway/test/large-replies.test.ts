import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { JSONRPCResponse } from 'json-rpc-2.0';
import { expect, test } from 'vitest';
import { LargeReplies } from '#large-replies.js';

const KIB = 1024;
const response = () => new ServerResponse(new IncomingMessage(new Socket()));
const reply = (length: number): JSONRPCResponse => ({
  jsonrpc: '2.0',
  id: 7,
  result: { key: 1, parts: ['', { data: 'a'.repeat(length) }] },
});
const refused = {
  jsonrpc: '2.0',
  id: 7,
  error: { code: -32000, message: expect.stringMatching(/too many large replies/) },
};

test('large replies have room together, until what they go to is closed', () => {
  const replies = new LargeReplies(500 * KIB);
  const first = response();
  const toFirst = replies.to(first);
  const toSecond = replies.to(response());
  for (const each of [toFirst, toSecond, toFirst, toSecond, toFirst])
    expect(each(reply(100 * KIB))).toEqual(reply(100 * KIB));
  for (const each of [toFirst, toSecond]) expect(each(reply(100 * KIB))).toEqual(refused);
  first.emit('close');
  expect(toSecond(reply(300 * KIB))).toEqual(reply(300 * KIB));
  expect(toSecond(reply(100 * KIB))).toEqual(refused);
});

test('small replies, errors, and one alone, however large, are always given', () => {
  const replies = new LargeReplies(100 * KIB);
  const to = replies.to(response());
  expect(to(reply(200 * KIB))).toEqual(reply(200 * KIB));
  expect(to(reply(100 * KIB))).toEqual(refused);
  expect(to(reply(10))).toEqual(reply(10));
  const error: JSONRPCResponse = { jsonrpc: '2.0', id: 7, error: { code: 1, message: 'no' } };
  expect(to(error)).toEqual(error);
  expect(to(null)).toBeNull();
});

test('what nobody waits for any more takes no room', () => {
  const replies = new LargeReplies(100 * KIB);
  const left = response();
  const toNobody = replies.to(left);
  left.emit('close');
  expect(toNobody(reply(100 * KIB))).toEqual(refused);
  const to = replies.to(response());
  expect(to(reply(100 * KIB))).toEqual(reply(100 * KIB));
  expect(to(reply(100 * KIB))).toEqual(refused);
  left.emit('close');
  expect(to(reply(100 * KIB))).toEqual(refused);
});
