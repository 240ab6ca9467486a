import { fromHex } from '@enigma-worker/crypto';
import { JSONRPCErrorException } from 'json-rpc-2.0';

/** JSON-RPC code of parameters of the wrong shape. */
export const INVALID_PARAMS = -32602;
/** JSON-RPC code of everything that fails at the worker. */
export const SERVER_ERROR = -32000;

const MAX_GAS = 0xffff_ffff_ffff_ffffn;

/** Reads the parameters of a call: one object, or none. Anything else is answered with −32602 and the name of the field. */
export class Params {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(params: unknown) {
    // Many clients send an empty list with methods that take nothing.
    const isNone = params === undefined || params === null || (Array.isArray(params) && params.length === 0);
    const object: unknown = isNone ? {} : Array.isArray(params) ? params[0] : params;
    if (typeof object !== 'object' || object === null || Array.isArray(object)) {
      throw invalid('params', 'one object', object);
    }
    this.#fields = new Map(Object.entries(object));
  }

  has(name: string): boolean {
    const value = this.#fields.get(name);
    return value !== undefined && value !== null;
  }

  /** Bytes of a hex text, of the given length if any. */
  bytes(name: string, length?: number): Uint8Array {
    const value = this.#fields.get(name);
    if (typeof value !== 'string') throw invalid(name, 'hex', value);
    let bytes: Uint8Array;
    try {
      bytes = fromHex(value);
    } catch {
      throw invalid(name, 'hex', value);
    }
    if (length !== undefined && bytes.length !== length) {
      throw new JSONRPCErrorException(
        `Invalid params: ${name}: expected ${length} bytes, got ${bytes.length}`,
        INVALID_PARAMS,
      );
    }
    return bytes;
  }

  text(name: string): string {
    const value = this.#fields.get(name);
    if (typeof value !== 'string') throw invalid(name, 'a text', value);
    return value;
  }

  integer(name: string, fallback: number, maximum: number): number {
    const value = this.has(name) ? this.#fields.get(name) : fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maximum) {
      throw invalid(name, `an integer from 0 to ${maximum}`, value);
    }
    return value;
  }

  /** An amount of gas: an integer or a decimal text up to 2^64−1. */
  gas(name: string, fallback: bigint): bigint {
    if (!this.has(name)) return fallback;
    const value = this.#fields.get(name);
    const gas =
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
        ? BigInt(value)
        : typeof value === 'string' && /^\d{1,20}$/.test(value)
          ? BigInt(value)
          : undefined;
    if (gas === undefined || gas > MAX_GAS) throw invalid(name, 'an integer from 0 to 2^64-1', value);
    return gas;
  }
}

function invalid(name: string, expected: string, got: unknown): JSONRPCErrorException {
  const kind = got === null ? 'null' : Array.isArray(got) ? 'a list' : typeof got;
  return new JSONRPCErrorException(
    `Invalid params: ${name}: expected ${expected}, got ${kind}`,
    INVALID_PARAMS,
  );
}
