import { toHex } from '@enigma-worker/crypto';
import type { AbiParameter } from 'abitype';
import { isAddress } from 'viem';
import { SdkError } from './errors.js';

/**
 * A value in the one form that viem's encoder takes as it is meant: integers as bigint, bytes as hex, tuples by
 * position. By itself the encoder reads what does not fit as something else, and a contract would be sent that.
 * @param path where the value stands, for messages; they never tell the value
 * @throws SdkError `ARGUMENTS_MISMATCH` when the value does not fit its type
 */
export function encodable(parameter: AbiParameter, value: unknown, path: string): unknown {
  const list = /^(.*)\[(\d*)\]$/s.exec(parameter.type);
  if (list !== null) return listOf({ ...parameter, type: list[1]! }, list[2]!, value, path);
  if (parameter.type === 'tuple') return tupleOf(parameter, value, path);
  const [, kind, size = ''] = /^(u?int|bytes|address|bool|string)(\d*)$/.exec(parameter.type) ?? [];
  switch (kind) {
    case 'uint':
    case 'int':
      return integerOf(kind === 'int', size === '' ? 256 : Number(size), value, path);
    case 'bytes':
      return bytesOf(size, value, path);
    case 'address':
      return addressOf(value, path);
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(path, 'a boolean', kindOf(value));
      return value;
    case 'string':
      return textOf(value, path);
    default:
      throw new SdkError('FUNCTION_UNKNOWN', `${path}: ${parameter.type} is no type of an argument`);
  }
}

function listOf(item: AbiParameter, length: string, value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch(path, 'a list', kindOf(value));
  if (length !== '' && value.length !== Number(length)) {
    throw mismatch(path, `${length} values`, String(value.length));
  }
  // Not `map`, which leaves holes out.
  return Array.from(value, (each: unknown, i) => encodable(item, each, `${path}[${i}]`));
}

function tupleOf(parameter: AbiParameter, value: unknown, path: string): readonly unknown[] {
  const { components } = parameter as { components: readonly AbiParameter[] };
  if (Array.isArray(value)) {
    if (value.length !== components.length) {
      throw mismatch(path, `${components.length} values`, String(value.length));
    }
    return components.map((each, i) => encodable(each, value[i], fieldPath(path, each, i)));
  }
  if (typeof value !== 'object' || value === null) throw mismatch(path, 'an object or a list', kindOf(value));
  if (components.some(({ name }) => !name)) {
    throw mismatch(path, 'a list, for its fields have no names,', kindOf(value));
  }
  const fields = value as Readonly<Record<string, unknown>>;
  return components.map((each, i) => encodable(each, fields[each.name!], fieldPath(path, each, i)));
}

function fieldPath(path: string, { name }: AbiParameter, index: number): string {
  return name ? `${path}.${name}` : `${path}[${index}]`;
}

function integerOf(signed: boolean, size: number, value: unknown, path: string): bigint {
  if (
    typeof value !== 'bigint' &&
    !(typeof value === 'number' && Number.isSafeInteger(value)) &&
    !(typeof value === 'string' && /^-?\d+$/.test(value))
  ) {
    throw mismatch(path, 'an integer, as a bigint, a safe number or decimal text,', otherThan(value));
  }
  const integer = BigInt(value);
  if (integer !== (signed ? BigInt.asIntN(size, integer) : BigInt.asUintN(size, integer))) {
    const range = signed ? `-2^${size - 1} to 2^${size - 1}-1` : `0 to 2^${size}-1`;
    throw mismatch(path, `an integer from ${range}`, 'another one');
  }
  return integer;
}

function bytesOf(size: string, value: unknown, path: string): string {
  const hex = value instanceof Uint8Array ? `0x${toHex(value)}` : value;
  if (typeof hex !== 'string' || !isHex(hex)) {
    throw mismatch(path, 'bytes, as 0x and pairs of hex digits or as a Uint8Array,', otherThan(value));
  }
  const length = hex.length / 2 - 1;
  if (size !== '' && length !== Number(size)) throw mismatch(path, `${size} bytes`, String(length));
  return hex;
}

/** Searches for what is wrong: to match a long text as a whole would take the engine a state for each pair. */
function isHex(text: string): boolean {
  return text.startsWith('0x') && text.length % 2 === 0 && !/[^\da-f]/i.test(text.slice(2));
}

function addressOf(value: unknown, path: string): string {
  if (typeof value !== 'string' || value.length !== 42 || !isHex(value)) {
    throw mismatch(path, 'an address: 0x and 40 hex digits', otherThan(value));
  }
  if (!isAddress(value)) {
    throw mismatch(path, 'an address in lower case or with its checksum', 'another case');
  }
  return value;
}

function textOf(value: unknown, path: string): string {
  if (typeof value !== 'string') throw mismatch(path, 'a text', kindOf(value));
  // It has no UTF-8: another character would be sent in its place.
  if (/\p{Surrogate}/u.test(value)) throw mismatch(path, 'a text', 'one with half a surrogate pair');
  return value;
}

function mismatch(path: string, expected: string, got: string): SdkError {
  const comma = expected.endsWith(',') ? '' : ',';
  return new SdkError('ARGUMENTS_MISMATCH', `${path}: expected ${expected}${comma} got ${got}`);
}

/** What a value is when some of its kind would do. */
function otherThan(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? kindOf(value).replace(/^a /, 'another ')
    : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value === 'string' ? 'text' : typeof value}`;
}
