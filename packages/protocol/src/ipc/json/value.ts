import { fromUtf8 } from '@enigma-worker/crypto';
import { ProtocolError } from '../../errors.js';

/**
 * A JSON value as it stands in a frame. Unlike the result of `JSON.parse` it keeps what a codec must see:
 * integers are exact, texts are not decoded yet, and a list of bytes is a byte string already.
 */
export type JsonValue =
  null | boolean | number | bigint | JsonFraction | JsonText | Uint8Array | JsonList | JsonObject;

/** A number that no field takes: with a fraction, an exponent, or more digits than are read. */
export class JsonFraction {
  /** What it is, for error messages. */
  readonly description: string;

  constructor(description: string) {
    this.description = description;
  }
}

const SHORT_TEXT = 64;

/** A text between its quotes in the frame. Most are hex and go straight into bytes, never through a string. */
export class JsonText {
  readonly source: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly escaped: boolean;

  constructor(source: Uint8Array, start: number, end: number, escaped: boolean) {
    this.source = source;
    this.start = start;
    this.end = end;
    this.escaped = escaped;
  }

  /** Length in bytes as it stands in the frame. */
  get length(): number {
    return this.end - this.start;
  }

  /**
   * The text itself.
   * @throws ProtocolError `JSON_INVALID` when it is not UTF-8 or holds a bad escape
   */
  decode(): string {
    if (!this.escaped && this.length <= SHORT_TEXT) {
      const short = this.decodeAscii();
      if (short !== undefined) return short;
    }
    return this.escaped ? decodeEscaped(this.bytes()) : decodeUtf8(this.bytes());
  }

  /** The bytes between the quotes, as a view of the frame. */
  bytes(): Uint8Array {
    return this.source.subarray(this.start, this.end);
  }

  private decodeAscii(): string | undefined {
    let text = '';
    for (let at = this.start; at < this.end; at++) {
      const code = this.source[at]!;
      if (code >= 0x80) return undefined;
      text += String.fromCharCode(code);
    }
    return text;
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new ProtocolError('JSON_INVALID', 'message: expected UTF-8, got a text that is not');
  }
}

function decodeEscaped(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  try {
    // The scanner has made sure that there is no quote or control character inside.
    return JSON.parse(`"${text}"`) as string;
  } catch {
    throw new ProtocolError('JSON_INVALID', 'message: expected valid escapes in texts, got a bad one');
  }
}

/** A list that is not a byte string. `items` stops one after the limit, `length` counts on. */
export class JsonList {
  readonly items: JsonValue[] = [];
  length = 0;
}

/** An object with the fields that any message knows; the last of equal names wins. */
export class JsonObject {
  private readonly names: string[] = [];
  private readonly values: JsonValue[] = [];

  get(name: string): JsonValue | undefined {
    const index = this.names.indexOf(name);
    return index < 0 ? undefined : this.values[index];
  }

  set(name: string, value: JsonValue): void {
    const index = this.names.indexOf(name);
    if (index < 0) {
      this.names.push(name);
      this.values.push(value);
    } else {
      this.values[index] = value;
    }
  }
}

/** Whether a value is a number of any kind. */
export function isNumber(value: JsonValue | undefined): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof JsonFraction;
}

/** What a value is, for error messages: its kind and size, never its content. */
export function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'number' || typeof value === 'bigint') return 'an integer';
  if (value instanceof JsonText) return `a string of ${value.length} bytes`;
  if (value instanceof JsonFraction) return value.description;
  if (value instanceof Uint8Array)
    return value.length === 0 ? 'an empty list' : `a list of ${value.length} bytes`;
  if (value instanceof JsonList) return `a list of ${value.length} items`;
  return 'an object';
}
