import { toHex } from '@enigma-worker/crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeStateKeysParams,
  encodeStateKeysResult,
  parseStateKeysParams,
  parseStateKeysResult,
  PRINCIPAL_ERRORS,
  ProtocolError,
} from '@enigma-worker/protocol';
import { vectorNamed } from './vectors.js';

interface Rpc {
  readonly jsonrpc_request: {
    readonly params: { data: string; sig: string; block_number: string; addresses: string[] };
  };
  readonly jsonrpc_result: { readonly data: string; readonly sig: string };
}

const { outputs } = vectorNamed<unknown, Rpc>('ptt', 'full key exchange');
const { params } = outputs.jsonrpc_request;
const signature = new Uint8Array(65).fill(3);

function failureOf(run: () => unknown): string {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return error instanceof ProtocolError ? `${error.code} ${error.message}` : 'another error';
  }
}

describe('the params of getStateKeys', () => {
  it('are read as the known answer has them, by name and by position', () => {
    const parsed = parseStateKeysParams(params);
    expect(toHex(parsed.data)).toBe(params.data);
    expect(parsed.blockNumber).toBe(1234n);
    expect(parsed.addresses?.map(toHex)).toEqual(params.addresses);
    const { data, sig, block_number, addresses } = params;
    expect(parseStateKeysParams([data, sig, block_number, addresses])).toEqual(parsed);
    expect(encodeStateKeysParams(parsed)).toEqual(params);
  });

  it('may lack block number and addresses, or have null for them', () => {
    const { data, sig } = params;
    const bare = parseStateKeysParams({ data, sig });
    expect(Object.keys(bare)).toEqual(['data', 'sig']);
    expect(parseStateKeysParams([data, sig])).toEqual(bare);
    expect(parseStateKeysParams([data, sig, null, null])).toEqual(bare);
    expect(parseStateKeysParams({ data: `0x${data.toUpperCase()}`, sig, block_number: null })).toEqual(bare);
  });

  it('come back as they were sent', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const sent = fc.record(
      {
        data: fc.uint8Array(),
        sig: bytes(65),
        blockNumber: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        addresses: fc.array(bytes(32)),
      },
      { requiredKeys: ['data', 'sig'] },
    );
    fc.assert(
      fc.property(sent, (value) => {
        const wire: unknown = JSON.parse(JSON.stringify(encodeStateKeysParams(value)));
        expect(parseStateKeysParams(wire)).toEqual(value);
      }),
    );
  });

  it.each([
    ['nothing', undefined, 'FIELD_MISSING params'],
    ['a text', 'x', 'FIELD_INVALID params'],
    ['no data', { sig: params.sig }, 'FIELD_MISSING data'],
    ['no signature', [params.data], 'FIELD_MISSING sig'],
    ['bad hex', { ...params, data: 'xyz' }, 'FIELD_INVALID data'],
    ['a short signature', { ...params, sig: 'abcd' }, 'FIELD_INVALID sig'],
    ['a negative block', { ...params, block_number: '-1' }, 'FIELD_INVALID block_number'],
    [
      'a block beyond 2^64',
      { ...params, block_number: '18446744073709551616' },
      'FIELD_INVALID block_number',
    ],
    ['addresses that are none', { ...params, addresses: 'ab' }, 'FIELD_INVALID addresses'],
    ['a short address', { ...params, addresses: [params.addresses[0], 'ab'] }, 'FIELD_INVALID addresses[1]'],
    [
      'too many addresses',
      { ...params, addresses: Array.from({ length: 10_001 }, () => '') },
      'LIMIT_EXCEEDED',
    ],
  ])('are refused when they are %s', (_name, value, expected) => {
    expect(failureOf(() => parseStateKeysParams(value))).toContain(expected);
  });
});

describe('the result of getStateKeys', () => {
  it('comes back as it was sent', () => {
    const result = { data: Uint8Array.of(1, 2, 3), sig: signature };
    expect(encodeStateKeysResult(result)).toEqual({ data: '010203', sig: '03'.repeat(65) });
    expect(parseStateKeysResult(encodeStateKeysResult(result))).toEqual(result);
    expect(toHex(parseStateKeysResult(outputs.jsonrpc_result).data)).toBe(outputs.jsonrpc_result.data);
  });

  it('is refused when a field is wrong', () => {
    expect(failureOf(() => parseStateKeysResult(null))).toContain('FIELD_INVALID params');
    expect(failureOf(() => parseStateKeysResult({ data: '00' }))).toContain('FIELD_MISSING sig');
  });
});

describe('error codes', () => {
  it('are those of the deployed principal', () => {
    expect(PRINCIPAL_ERRORS).toEqual({
      notAuthorised: -32001,
      illegalState: -32002,
      invalidParams: -32602,
      internal: -32603,
    });
  });
});
