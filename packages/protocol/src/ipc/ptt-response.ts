import { utf8 } from '@enigma-worker/crypto';
import type { Body } from './body.js';
import { hex } from './codec/bytes.js';
import { object, optional } from './codec/object.js';
import { JsonObject } from './json/value.js';

const fields = object({ response: hex(), sig: optional(hex({ length: 65 })) });

const INPUT = utf8(',"input":');

/** The principal's answer to a key exchange, and its signature over it. */
export interface PttResponse {
  readonly response: Uint8Array;
  readonly sig?: Uint8Array;
}

/** The request of PTTResponse: its fields stand at the top level (seed) or in `input` (version 0.3). */
export const pttResponse: Body<PttResponse> = {
  names: ['input', ...fields.names],
  readFields(message, context) {
    const input = message.get('input');
    if (message.get('response') !== undefined || !(input instanceof JsonObject)) {
      return fields.readFields(message, context);
    }
    context.enter('input');
    const response = fields.readFields(input, context);
    context.leave();
    return response;
  },
  bound: (value) => INPUT.length + fields.bound(value),
  writeFields(value, out) {
    if (out.dialect === 'v0.3') {
      out.raw(INPUT);
      fields.write(value, out);
    } else {
      fields.writeFields(value, out);
    }
  },
};
