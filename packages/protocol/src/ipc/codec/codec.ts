import { ProtocolError, type ProtocolErrorCode } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { describe, type JsonValue } from '../json/value.js';
import type { JsonWriter } from '../json/writer.js';
import type { Dialect } from '../dialect.js';

/**
 * One kind of wire value: how it is validated and converted when it comes in, and how it is written.
 * The methods are declared as methods on purpose: a `Codec<Uint8Array>` is then also a `Codec<unknown>`.
 */
export interface Codec<T> {
  /** Names of the object fields that this codec reads, at any depth. */
  readonly names: readonly string[];
  /**
   * The value, fresh and converted.
   * @param value `undefined` when the field is absent
   * @throws ProtocolError that names the field, what was expected and what came
   */
  read(value: JsonValue | undefined, context: ReadContext): T;
  /** Most bytes that {@link Codec.write} writes. */
  bound(value: T): number;
  write(value: T, out: JsonWriter): void;
}

/** What a codec reads and writes. */
export type Infer<C> = C extends Codec<infer T> ? T : never;

/** Where in a message a codec reads, under which limits, and in which dialect. */
export class ReadContext {
  readonly limits: Limits;
  readonly dialect: Dialect;
  private readonly path: (string | number)[] = [];

  constructor(limits: Limits, dialect: Dialect = 'seed') {
    this.limits = limits;
    this.dialect = dialect;
  }

  enter(field: string | number): void {
    this.path.push(field);
  }

  leave(): void {
    this.path.pop();
  }

  /** The error of a value that is not what it should be. `got` is by default the value's kind and size. */
  invalid(expected: string, value: JsonValue | undefined, got = describe(value)): ProtocolError {
    return this.error(value === undefined ? 'FIELD_MISSING' : 'FIELD_INVALID', expected, got);
  }

  /** The error of a value that is right but too large. */
  tooLarge(expected: string, got: string): ProtocolError {
    return this.error('LIMIT_EXCEEDED', expected, got);
  }

  private error(code: ProtocolErrorCode, expected: string, got: string): ProtocolError {
    return new ProtocolError(code, `${this.field()}: expected ${expected}, got ${got}`);
  }

  private field(): string {
    let text = '';
    for (const part of this.path)
      text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${part}`;
    return text === '' ? 'message' : text;
  }
}
