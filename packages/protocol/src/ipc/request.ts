import { ProtocolError, type ProtocolErrorCode } from '../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
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
import { describe, type JsonObject } from './json/value.js';
import { JsonWriter } from './json/writer.js';
import type { Body } from './body.js';
import { isMessageType, messages, type MessageType, type RequestOf } from './messages.js';

/** A request that was parsed: `type` tells the type of `input`. */
export type IncomingRequest = {
  [T in MessageType]: { readonly type: T; readonly id: RequestId; readonly input: RequestOf<T> };
}[MessageType];

/** Why a request was refused, and what its error reply needs: the id and type, as far as they could be read. */
export class RequestError extends ProtocolError {
  override readonly name = 'RequestError';
  readonly id: RequestId | null;
  /** Absent when the request's type is unknown or unreadable. */
  readonly type?: MessageType;

  constructor(code: ProtocolErrorCode, message: string, id: RequestId | null, type?: MessageType) {
    super(code, message);
    this.id = id;
    if (type !== undefined) this.type = type;
  }
}

/**
 * Parses a request of either dialect. Total: whatever the bytes are, it returns a request or throws a
 * {@link RequestError} that says which field is wrong, what was expected and what came.
 * Source: docs/protocol.md, "Requests".
 * @param dialect what replies are written in: there are fields that are read in one alone
 */
export function parseRequest(
  frame: Uint8Array,
  limits: Limits = DEFAULT_LIMITS,
  dialect: Dialect = 'seed',
): IncomingRequest {
  const outcome = readJson(frame, KNOWN_NAMES, limits);
  const message = outcome.message;
  const id = message === undefined ? null : readId(message);
  const typeText = message === undefined ? undefined : readText(message.get('type'));
  const type = typeText !== undefined && isMessageType(typeText) ? typeText : undefined;
  if (!outcome.ok) throw new RequestError(outcome.error.code, outcome.error.message, id, type);
  if (id === null) throw badId(outcome.message, type);
  if (type === undefined) throw badType(outcome.message, id);
  try {
    const body: Body<unknown> = messages[type].request;
    const input = body.readFields(outcome.message, new ReadContext(limits, dialect));
    return { type, id, input } as IncomingRequest;
  } catch (error) {
    if (error instanceof ProtocolError) throw new RequestError(error.code, error.message, id, type);
    throw error;
  }
}

function badId(message: JsonObject, type: MessageType | undefined): RequestError {
  const got = describe(message.get('id'));
  return new RequestError('ID_INVALID', `id: expected a string or an integer, got ${got}`, null, type);
}

function badType(message: JsonObject, id: RequestId): RequestError {
  const value = message.get('type');
  const got = readText(value) === undefined ? describe(value) : 'one that is unknown';
  return new RequestError('TYPE_UNKNOWN', `type: expected the name of a message, got ${got}`, id);
}

/** Encodes a request. */
export function encodeRequest<T extends MessageType>(
  type: T,
  id: RequestId,
  input: RequestOf<T>,
  dialect: Dialect = 'seed',
): Uint8Array {
  const body: Body<unknown> = messages[type].request;
  const out = new JsonWriter(headBound(id, type) + body.bound(input), dialect);
  writeHead(out, id, type);
  body.writeFields(input, out);
  writeTail(out);
  return out.finish();
}
