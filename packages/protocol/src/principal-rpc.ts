import { fromHex, HexError, toHex } from '@enigma-worker/crypto';
import { ProtocolError } from './errors.js';
import { DEFAULT_LIMITS } from './limits.js';

/** Methods of a principal. Source: docs/protocol.md, "Principal node JSON-RPC". */
export const PRINCIPAL_METHODS = { getStateKeys: 'getStateKeys', getHealthCheck: 'getHealthCheck' } as const;

/** JSON-RPC error codes of a principal. */
export const PRINCIPAL_ERRORS = {
  /** The signer is not a worker, or not the one that serves a contract asked for. */
  notAuthorised: -32001,
  /** Not ready: the epoch is not confirmed yet. Try again later. */
  illegalState: -32002,
  invalidParams: -32602,
  internal: -32603,
} as const;

/** What a worker, or a relay in its name, asks a principal for. */
export interface StateKeysParams {
  /** A key-exchange request. */
  readonly data: Uint8Array;
  /** The worker's signature over it, 65 bytes. */
  readonly sig: Uint8Array;
  /** The block whose epoch counts; the latest epoch when absent. */
  readonly blockNumber?: bigint;
  /** Contracts, 32 bytes each; all of the worker's when absent. */
  readonly addresses?: readonly Uint8Array[];
}

/** What a principal answers. */
export interface StateKeysResult {
  /** A key-exchange response. */
  readonly data: Uint8Array;
  /** The principal's signature over it, 65 bytes. */
  readonly sig: Uint8Array;
}

/** The params as they travel: an object, hex without `0x`, the block number as a decimal string. */
export interface StateKeysParamsJson {
  readonly data: string;
  readonly sig: string;
  readonly block_number?: string;
  readonly addresses?: readonly string[];
}

/** The result as it travels: hex without `0x`. */
export interface StateKeysResultJson {
  readonly data: string;
  readonly sig: string;
}

const POSITIONS = ['data', 'sig', 'block_number', 'addresses'];
const MOST_U64 = 0xffff_ffff_ffff_ffffn;

/** The params of getStateKeys, ready for JSON. */
export function encodeStateKeysParams(params: StateKeysParams): StateKeysParamsJson {
  return {
    data: toHex(params.data),
    sig: toHex(params.sig),
    ...(params.blockNumber === undefined ? {} : { block_number: params.blockNumber.toString() }),
    ...(params.addresses === undefined ? {} : { addresses: params.addresses.map(toHex) }),
  };
}

/**
 * The params of getStateKeys: an object, or the same four by position; `null` is as good as absent.
 * @throws ProtocolError `FIELD_MISSING`, `FIELD_INVALID` or `LIMIT_EXCEEDED`
 */
export function parseStateKeysParams(params: unknown): StateKeysParams {
  const fields = namedFields(params);
  const blockNumber = fields.get('block_number');
  const addresses = fields.get('addresses');
  return {
    data: readHex('data', fields.get('data')),
    sig: readHex('sig', fields.get('sig'), 65),
    ...(isAbsent(blockNumber) ? {} : { blockNumber: readDecimal('block_number', blockNumber) }),
    ...(isAbsent(addresses) ? {} : { addresses: readAddresses(addresses) }),
  };
}

/** The result of getStateKeys, ready for JSON. */
export function encodeStateKeysResult(result: StateKeysResult): StateKeysResultJson {
  return { data: toHex(result.data), sig: toHex(result.sig) };
}

/**
 * The result of getStateKeys.
 * @throws ProtocolError `FIELD_MISSING` or `FIELD_INVALID`
 */
export function parseStateKeysResult(result: unknown): StateKeysResult {
  const fields = namedFields(result);
  return { data: readHex('data', fields.get('data')), sig: readHex('sig', fields.get('sig'), 65) };
}

function namedFields(value: unknown): Map<string, unknown> {
  if (Array.isArray(value)) {
    return new Map(POSITIONS.map((name, i): [string, unknown] => [name, value[i]]));
  }
  if (typeof value !== 'object' || value === null) throw invalid('params', 'an object or a list', value);
  return new Map(Object.entries(value));
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function readHex(field: string, value: unknown, length?: number): Uint8Array {
  const expected = length === undefined ? 'hex' : `${length} bytes as hex`;
  if (typeof value !== 'string') throw invalid(field, expected, value);
  try {
    const bytes = fromHex(value);
    if (length === undefined || bytes.length === length) return bytes;
    throw new ProtocolError('FIELD_INVALID', `${field}: expected ${expected}, got ${bytes.length} bytes`);
  } catch (error) {
    if (!(error instanceof HexError)) throw error;
    throw new ProtocolError('FIELD_INVALID', `${field}: ${error.message}`);
  }
}

function readDecimal(field: string, value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'string' && /^[0-9]{1,20}$/.test(value)) {
    const exact = BigInt(value);
    if (exact <= MOST_U64) return exact;
  }
  throw invalid(field, 'an integer from 0 to 2^64-1 as a decimal string', value);
}

function readAddresses(value: unknown): Uint8Array[] {
  if (!Array.isArray(value)) throw invalid('addresses', 'a list', value);
  const items: readonly unknown[] = value;
  const most = DEFAULT_LIMITS.listItems;
  if (items.length > most) {
    throw new ProtocolError(
      'LIMIT_EXCEEDED',
      `addresses: expected at most ${most} items, got ${items.length}`,
    );
  }
  return items.map((item, i) => readHex(`addresses[${i}]`, item, 32));
}

function invalid(field: string, expected: string, value: unknown): ProtocolError {
  const code = value === undefined ? 'FIELD_MISSING' : 'FIELD_INVALID';
  return new ProtocolError(code, `${field}: expected ${expected}, got ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length} items`;
  return typeof value === 'string'
    ? `a string of ${value.length} characters`
    : `a value of type ${typeof value}`;
}
