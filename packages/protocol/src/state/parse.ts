import { fromUtf8 } from '@enigma-worker/crypto';
import { StateError } from './errors.js';
import { MAX_INTEGER, MAX_JSON_DEPTH, MIN_INTEGER, type Json } from './json.js';

/** Bounds of {@link parseJson}. */
export interface ParseOptions {
  /** How deep arrays and objects may nest; {@link MAX_JSON_DEPTH} when absent. */
  readonly maxDepth?: number;
}

/**
 * Reads one JSON text (RFC 8259), exactly: integers from -2^63 to 2^64-1 as `bigint`, other numbers as
 * correctly rounded floats, `-0` as the integer 0, the last of duplicate keys. Bytes must be UTF-8.
 * Source: docs/protocol.md, "State".
 * @throws StateError `INVALID_JSON`, also for a float that overflows and for a lone surrogate
 */
export function parseJson(text: string | Uint8Array, options: ParseOptions = {}): Json {
  const parser = new Parser(
    typeof text === 'string' ? text : decode(text),
    options.maxDepth ?? MAX_JSON_DEPTH,
  );
  return parser.document();
}

function decode(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    // The end of the stack, which says nothing of the text.
    if (!(error instanceof TypeError)) throw error;
    throw new StateError('INVALID_JSON', 'JSON: expected UTF-8');
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [0x2f, '/'],
  [0x62, '\b'],
  [0x66, '\f'],
  [0x6e, '\n'],
  [0x72, '\r'],
  [0x74, '\t'],
]);
const LONE_SURROGATE = /\p{Surrogate}/u;

class Parser {
  readonly #text: string;
  #at = 0;
  #depthLeft: number;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#depthLeft = maxDepth;
  }

  document(): Json {
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('the end');
    return value;
  }

  #fail(expected: string, at = this.#at): never {
    throw new StateError('INVALID_JSON', `JSON: expected ${expected} at position ${at}`);
  }

  #skipSpace(): number {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return unit;
      this.#at++;
    }
  }

  #value(): Json {
    switch (this.#skipSpace()) {
      case QUOTE:
        return this.#string();
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #word(word: string, value: boolean | null): boolean | null {
    if (!this.#text.startsWith(word, this.#at)) this.#fail(word);
    this.#at += word.length;
    return value;
  }

  #open(): void {
    if (this.#depthLeft === 0)
      throw new StateError('INVALID_JSON', `JSON: nested too deep at position ${this.#at}`);
    this.#depthLeft--;
    this.#at++;
  }

  /** After a value: whether another follows, or else the container was closed by `close`. */
  #another(close: number): boolean {
    const unit = this.#skipSpace();
    if (unit !== 0x2c && unit !== close) this.#fail(`"," or "${String.fromCharCode(close)}"`);
    this.#at++;
    if (unit === 0x2c) return true;
    this.#depthLeft++;
    return false;
  }

  /** Just after opening a container: whether `close` follows at once. */
  #empty(close: number): boolean {
    if (this.#skipSpace() !== close) return false;
    this.#at++;
    this.#depthLeft++;
    return true;
  }

  #array(): Json[] {
    this.#open();
    const items: Json[] = [];
    if (this.#empty(0x5d)) return items;
    do items.push(this.#value());
    while (this.#another(0x5d));
    return items;
  }

  #object(): Map<string, Json> {
    this.#open();
    const entries = new Map<string, Json>();
    if (this.#empty(0x7d)) return entries;
    do {
      if (this.#skipSpace() !== QUOTE) this.#fail('a key');
      const key = this.#string();
      if (this.#skipSpace() !== 0x3a) this.#fail('":"');
      this.#at++;
      entries.set(key, this.#value());
    } while (this.#another(0x7d));
    return entries;
  }

  #string(): string {
    const text = this.#text;
    let start = ++this.#at;
    let joined = '';
    let surrogates = false;
    for (;;) {
      const unit = text.charCodeAt(this.#at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) {
        joined += text.slice(start, this.#at) + this.#escape();
        start = this.#at;
        surrogates = true;
      } else if (unit >= 0x20) {
        if (unit >= 0xd800 && unit < 0xe000) surrogates = true;
        this.#at++;
      } else {
        this.#fail('a character or the end of the string');
      }
    }
    joined += text.slice(start, this.#at);
    if (surrogates && LONE_SURROGATE.test(joined)) this.#fail('no lone surrogate before');
    this.#at++;
    return joined;
  }

  #escape(): string {
    const kind = this.#text.charCodeAt(this.#at + 1);
    if (kind === 0x75) {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('four hex digits', this.#at + 2);
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = ESCAPES.get(kind);
    if (character === undefined) this.#fail('an escape', this.#at + 1);
    this.#at += 2;
    return character;
  }

  #digits(expected: string): void {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    if (this.#at === start) this.#fail(expected);
  }

  #number(): bigint | number {
    const text = this.#text;
    const start = this.#at;
    if (text.charCodeAt(this.#at) === MINUS) this.#at++;
    if (text.charCodeAt(this.#at) === ZERO) this.#at++;
    else this.#digits('a value');
    const integerEnd = this.#at;
    if (text.charCodeAt(this.#at) === 0x2e) {
      this.#at++;
      this.#digits('a digit');
    }
    if ((text.charCodeAt(this.#at) | 0x20) === 0x65) {
      this.#at++;
      const sign = text.charCodeAt(this.#at);
      if (sign === 0x2b || sign === MINUS) this.#at++;
      this.#digits('a digit');
    }
    const digits = text.slice(start, this.#at);
    if (this.#at === integerEnd) {
      const integer = toInteger(digits);
      if (integer !== undefined) return integer;
    }
    const float = Number(digits);
    if (!Number.isFinite(float)) this.#fail('a number that fits a float', start);
    return float;
  }
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= 0x39;
}

/** The integer of a text of digits, or nothing when it is out of range. */
function toInteger(digits: string): bigint | undefined {
  if (digits.length <= 15) return BigInt(Number(digits));
  // More digits than any integer in range has: no need for a number of unbounded size.
  if (digits.length > 20) return undefined;
  const integer = BigInt(digits);
  return integer >= MIN_INTEGER && integer <= MAX_INTEGER ? integer : undefined;
}
