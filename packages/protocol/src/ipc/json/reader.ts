import { ProtocolError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { readByteList } from './byte-list.js';
import type { NameTable } from './names.js';
import { JsonFraction, JsonList, JsonObject, JsonText, type JsonValue } from './value.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** 1 for bytes that end a plain run of text: quote, backslash, control characters. */
const ENDS_TEXT = new Uint8Array(256);
ENDS_TEXT.fill(1, 0, 0x20);
ENDS_TEXT[QUOTE] = 1;
ENDS_TEXT[BACKSLASH] = 1;

const ESCAPES = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));

const EMPTY = new Uint8Array(0);
// An id comes back as it was sent, so its digits are more than any field needs; their number is bounded all the same.
const MOST_INTEGER_DIGITS = 1000;
const FRACTION = new JsonFraction('a number that is not a plain integer');
const TOO_LONG = new JsonFraction(`an integer of more than ${MOST_INTEGER_DIGITS} digits`);

// Up to this many digits an integer fits a double exactly.
const SAFE_DIGITS = 15;

/** As much is read of a message that is too long: its id and type stand at the beginning. */
const HEAD_BYTES = 4096;

/** What reading a frame came to: the message, or what was wrong and as much of the message as came before. */
export type ReadOutcome =
  | { readonly ok: true; readonly message: JsonObject }
  | { readonly ok: false; readonly message: JsonObject | undefined; readonly error: ProtocolError };

/**
 * Reads one JSON text from the bytes of a frame, without a string in between. Fields that no message knows are
 * checked and skipped; of equal names the last wins; names such as `__proto__` are names like any other.
 * Never throws: what was read before an error is given too, so that even a broken request gets its id back, and one
 * that is too long if it begins with it.
 */
export function readJson(source: Uint8Array, names: NameTable, limits: Limits): ReadOutcome {
  if (source.length <= limits.messageBytes) return read(source, names, limits);
  const { message } = read(headOf(source), names, limits);
  const text = `message: expected at most ${limits.messageBytes} bytes, got ${source.length}`;
  return { ok: false, message, error: new ProtocolError('LIMIT_EXCEEDED', text) };
}

/** The beginning of a message. It ends in no digit, so that no number is taken for another one. */
function headOf(source: Uint8Array): Uint8Array {
  let end = Math.min(source.length, HEAD_BYTES);
  while (isDigit(source[end - 1])) end--;
  return source.subarray(0, end);
}

function read(source: Uint8Array, names: NameTable, limits: Limits): ReadOutcome {
  const reader = new JsonReader(source, names, limits);
  try {
    return { ok: true, message: reader.readMessage() };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ok: false, message: reader.message, error };
  }
}

class JsonReader {
  message: JsonObject | undefined;
  private readonly source: Uint8Array;
  private readonly names: NameTable;
  private readonly limits: Limits;
  private at = 0;
  private values = 0;

  constructor(source: Uint8Array, names: NameTable, limits: Limits) {
    this.source = source;
    this.names = names;
    this.limits = limits;
  }

  readMessage(): JsonObject {
    if (this.peek() !== OPEN_OBJECT) throw this.unexpected('a JSON object');
    this.at++;
    this.message = new JsonObject();
    this.readFields(this.message, 1);
    this.skipSpace();
    if (this.at < this.source.length) throw this.unexpected('the end of the message');
    return this.message;
  }

  /** `keep` is false inside fields that no message knows: their text is checked, but nothing is built from it. */
  private readValue(depth: number, keep: boolean): JsonValue {
    if (keep && ++this.values > this.limits.jsonValues) {
      throw new ProtocolError(
        'LIMIT_EXCEEDED',
        `message: expected at most ${this.limits.jsonValues} values, got more`,
      );
    }
    const code = this.peek();
    switch (code) {
      case QUOTE:
        return this.readText();
      case OPEN_LIST:
        this.at++;
        this.checkDepth(depth + 1);
        return this.readList(depth + 1, keep);
      case OPEN_OBJECT: {
        this.at++;
        this.checkDepth(depth + 1);
        const object = new JsonObject();
        this.readFields(keep ? object : undefined, depth + 1);
        return object;
      }
      case 0x74:
        return this.readWord('true', true);
      case 0x66:
        return this.readWord('false', false);
      case 0x6e:
        return this.readWord('null', null);
      default:
        return this.readNumber(keep);
    }
  }

  private readFields(target: JsonObject | undefined, depth: number): void {
    if (this.peek() === CLOSE_OBJECT) {
      this.at++;
      return;
    }
    for (;;) {
      if (this.peek() !== QUOTE) throw this.unexpected('a field name');
      const text = this.readText();
      const name = target === undefined ? undefined : this.findName(text);
      if (this.peek() !== COLON) throw this.unexpected("':'");
      this.at++;
      const value = this.readValue(depth, target !== undefined && name !== undefined);
      if (target !== undefined && name !== undefined) target.set(name, value);
      const separator = this.peek();
      if (separator !== COMMA && separator !== CLOSE_OBJECT) throw this.unexpected("',' or '}'");
      this.at++;
      if (separator === CLOSE_OBJECT) return;
    }
  }

  private findName({ source, start, end, escaped }: JsonText): string | undefined {
    return escaped ? this.names.findEscaped(source, start, end) : this.names.find(source, start, end);
  }

  private readList(depth: number, keep: boolean): JsonValue {
    const first = this.peek();
    if (first === CLOSE_LIST) {
      this.at++;
      return EMPTY;
    }
    if (keep && first >= ZERO && first <= NINE) {
      const list = readByteList(this.source, this.at);
      if (list !== undefined) {
        this.at = list.end;
        return list.bytes;
      }
    }
    const list = new JsonList();
    for (;;) {
      // One item more than the limit shows the codec that there were too many.
      const wanted = keep && list.length <= this.limits.listItems;
      const value = this.readValue(depth, wanted);
      if (wanted) list.items.push(value);
      list.length++;
      const separator = this.peek();
      if (separator !== COMMA && separator !== CLOSE_LIST) throw this.unexpected("',' or ']'");
      this.at++;
      if (separator === CLOSE_LIST) return list;
    }
  }

  private readText(): JsonText {
    const { source } = this;
    const start = this.at + 1;
    let at = start;
    let escaped = false;
    for (;;) {
      while (at < source.length && ENDS_TEXT[source[at]!] === 0) at++;
      this.at = at;
      const code = source[at];
      if (code === QUOTE) break;
      if (code !== BACKSLASH) throw this.unexpected('the end of a text');
      escaped = true;
      at += this.escapeLength(at);
    }
    this.at++;
    return new JsonText(source, start, at, escaped);
  }

  private escapeLength(at: number): number {
    const code = this.source[at + 1];
    if (code !== undefined && ESCAPES.has(code)) return 2;
    if (code === LOWER_U) {
      let digits = 0;
      while (digits < 4 && isHexDigit(this.source[at + 2 + digits])) digits++;
      if (digits === 4) return 6;
    }
    throw this.unexpected('a valid escape');
  }

  private readWord(word: string, value: boolean | null): boolean | null {
    for (let i = 0; i < word.length; i++) {
      if (this.source[this.at + i] !== word.charCodeAt(i)) throw this.unexpected('a value');
    }
    this.at += word.length;
    return value;
  }

  private readNumber(keep: boolean): number | bigint | JsonFraction {
    const start = this.at;
    const negative = this.source[start] === MINUS;
    const first = negative ? start + 1 : start;
    const digitsEnd = this.skipDigits(first, 'a value');
    if (this.source[first] === ZERO && digitsEnd > first + 1) {
      this.at = first + 1;
      throw this.unexpected('no leading zeros');
    }
    this.at = digitsEnd;
    const plain = !this.skipFraction() && !this.skipExponent();
    const digits = digitsEnd - first;
    if (!plain || !keep) return FRACTION;
    if (digits > MOST_INTEGER_DIGITS) return TOO_LONG;
    if (digits <= SAFE_DIGITS) {
      let value = 0;
      for (let at = first; at < digitsEnd; at++) value = value * 10 + (this.source[at]! - ZERO);
      return negative ? -value : value;
    }
    const exact = BigInt(new JsonText(this.source, start, digitsEnd, false).decode());
    const rounded = Number(exact);
    return Number.isSafeInteger(rounded) ? rounded : exact;
  }

  private skipFraction(): boolean {
    if (this.source[this.at] !== DOT) return false;
    this.at = this.skipDigits(this.at + 1, 'a digit after the point');
    // An exponent may follow; it changes nothing about what this number is.
    this.skipExponent();
    return true;
  }

  private skipExponent(): boolean {
    const { source } = this;
    if (((source[this.at] ?? 0) | 0x20) !== LOWER_E) return false;
    const sign = source[this.at + 1];
    const signed = sign === MINUS || sign === 0x2b;
    this.at = this.skipDigits(this.at + (signed ? 2 : 1), 'a digit in the exponent');
    return true;
  }

  private skipDigits(start: number, expected: string): number {
    const { source } = this;
    let at = start;
    while (at < source.length && source[at]! >= ZERO && source[at]! <= NINE) at++;
    if (at === start) {
      this.at = start;
      throw this.unexpected(expected);
    }
    return at;
  }

  /** The next byte that is not white space; 0 at the end, which no JSON text may hold there. */
  private peek(): number {
    this.skipSpace();
    return this.at < this.source.length ? this.source[this.at]! : 0;
  }

  private skipSpace(): void {
    const { source } = this;
    while (this.at < source.length) {
      const code = source[this.at]!;
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private checkDepth(depth: number): void {
    if (depth > this.limits.jsonDepth) {
      throw new ProtocolError(
        'LIMIT_EXCEEDED',
        `message: expected at most ${this.limits.jsonDepth} levels of nesting, got more`,
      );
    }
  }

  private unexpected(expected: string): ProtocolError {
    const found = this.at < this.source.length ? 'something else' : 'its end';
    return new ProtocolError(
      'JSON_INVALID',
      `message: expected ${expected} at byte ${this.at}, got ${found}`,
    );
  }
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= ZERO && code <= NINE;
}

function isHexDigit(code: number | undefined): boolean {
  if (code === undefined) return false;
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66);
}
