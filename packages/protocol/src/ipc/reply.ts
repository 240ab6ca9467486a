import { utf8 } from '@enigma-worker/crypto';
import { ProtocolError } from '../errors.js';
import { REPLY_LIMITS, type Limits } from '../limits.js';
import type { Body } from './body.js';
import { ReadContext } from './codec/codec.js';
import type { Dialect } from './dialect.js';
import {
  headBound,
  KNOWN_NAMES,
  readId,
  readText,
  type RequestId,
  writeHead,
  writeTail,
} from './envelope.js';
import { readJson } from './json/reader.js';
import type { JsonObject } from './json/value.js';
import { JsonWriter, type TakeMemory, textBound } from './json/writer.js';
import { failedTask, type FailedTaskResult, messages, type MessageType, type ResultOf } from './messages.js';

const MSG = utf8(',"msg":');

/** A reply as the requester sees it. The id is `null` when the responder could not read the request's. */
export type IncomingReply<T extends MessageType> =
  | { readonly id: RequestId | null; readonly kind: 'result'; readonly result: ResultOf<T> }
  | { readonly id: RequestId | null; readonly kind: 'failedTask'; readonly result: FailedTaskResult }
  | { readonly id: RequestId | null; readonly kind: 'error'; readonly message: string };

/**
 * Encodes the reply to a request that was served.
 * @param take where the memory of the reply comes from, of which the reply is a view; new memory by default
 */
export function encodeReply<T extends MessageType>(
  type: T,
  id: RequestId,
  result: ResultOf<T>,
  dialect: Dialect,
  take?: TakeMemory,
): Uint8Array {
  return encode(type, id, messages[type].reply, result, dialect, take);
}

/** Encodes the reply to a deployment or computation that failed. */
export function encodeFailedTask(id: RequestId, result: FailedTaskResult, dialect: Dialect): Uint8Array {
  return encode('FailedTask', id, failedTask, result, dialect);
}

/**
 * Encodes an error reply.
 * @param request what is known of the request; `type` is absent when it is unknown or unreadable
 */
export function encodeError(
  request: { readonly id: RequestId | null; readonly type?: MessageType | undefined },
  message: string,
  dialect: Dialect,
): Uint8Array {
  const type = dialect === 'seed' ? (request.type ?? 'Error') : 'Error';
  const out = new JsonWriter(headBound(request.id, type) + MSG.length + textBound(message), dialect);
  writeHead(out, request.id, type);
  out.raw(MSG);
  out.text(message);
  writeTail(out);
  return out.finish();
}

function encode(
  type: string,
  id: RequestId,
  body: Body<unknown>,
  value: unknown,
  dialect: Dialect,
  take?: TakeMemory,
): Uint8Array {
  const out = new JsonWriter(headBound(id, type) + body.bound(value), dialect, take);
  writeHead(out, id, type);
  body.writeFields(value, out);
  writeTail(out);
  return out.finish();
}

/**
 * Parses the reply to a request of the given type, in either dialect and with the liberties that peers of the
 * deployed network take.
 * @throws ProtocolError when it is not a reply, or a field is not what it should be
 */
export function parseReply<T extends MessageType>(
  type: T,
  frame: Uint8Array,
  limits: Limits = REPLY_LIMITS,
): IncomingReply<T> {
  const outcome = readJson(frame, KNOWN_NAMES, limits);
  if (!outcome.ok) throw outcome.error;
  const { message } = outcome;
  const id = readId(message);
  const typeText = readText(message.get('type'));
  const context = new ReadContext(limits);
  if (isError(message, typeText)) {
    return { id, kind: 'error', message: readText(message.get('msg')) ?? 'the responder gave no reason' };
  }
  if (id === null)
    throw new ProtocolError('REPLY_INVALID', 'id: expected a string or an integer, got neither');
  if (typeText === 'FailedTask') {
    return { id, kind: 'failedTask', result: failedTask.readFields(message, context) };
  }
  const body: Body<unknown> = messages[type].reply;
  return { id, kind: 'result', result: body.readFields(message, context) as ResultOf<T> };
}

function isError(message: JsonObject, type: string | undefined): boolean {
  return message.get('result') === undefined && (message.get('msg') !== undefined || type === 'Error');
}
