import { utf8 } from '@enigma-worker/crypto';
import type { ReadContext } from './codec/codec.js';
import { lenientInteger } from './codec/numbers.js';
import type { ObjectCodec } from './codec/object.js';
import { JsonObject } from './json/value.js';
import { INTEGER_BOUND, type JsonWriter } from './json/writer.js';

/**
 * The fields of a message beside `id` and `type`: those of a request, or of a reply that is neither a failed
 * task nor an error. Every {@link ObjectCodec} is one.
 */
export interface Body<T> {
  /** Names of the fields it reads, at any depth. */
  readonly names: readonly string[];
  readFields(message: JsonObject, context: ReadContext): T;
  bound(value: T): number;
  writeFields(value: T, out: JsonWriter): void;
}

/** What a body reads and writes. */
export type BodyOf<B> = B extends Body<infer T> ? T : never;

const RESULT = utf8(',"result":');
const STATUS = utf8(',"status":');

/** A reply whose fields stand in `result`. */
export function result<T>(codec: ObjectCodec<T>): Body<T> {
  return {
    names: ['result', ...codec.names],
    readFields(message, context) {
      context.enter('result');
      const value = codec.read(message.get('result'), context);
      context.leave();
      return value;
    },
    bound: (value) => RESULT.length + codec.bound(value),
    writeFields(value, out) {
      out.raw(RESULT);
      codec.write(value, out);
    },
  };
}

/** 0 when all went well, negative when not. */
export const status = lenientInteger(-0x8000_0000, 0x7fff_ffff);

/**
 * The reply to a write: some fields at the top level, the others, a `status` among them, in `result`.
 * Version 0.3 of the network looks for `status` at the top level, so its dialect has it in both places.
 */
export function written<Top, Result extends { readonly status: number }>(
  top: ObjectCodec<Top>,
  inner: ObjectCodec<Result>,
): Body<Top & Result> {
  const whole = result(inner);
  return {
    names: [...top.names, ...whole.names],
    readFields(message, context) {
      const reply = message.get('result');
      const nested = reply instanceof JsonObject && reply.get('status') !== undefined;
      return {
        ...top.readFields(message, context),
        ...(nested ? whole.readFields(message, context) : inner.readFields(message, context)),
      };
    },
    bound: (value) => top.bound(value) + STATUS.length + INTEGER_BOUND + whole.bound(value),
    writeFields(value, out) {
      top.writeFields(value, out);
      if (out.dialect === 'v0.3') {
        out.raw(STATUS);
        out.integer(value.status);
      }
      whole.writeFields(value, out);
    },
  };
}
