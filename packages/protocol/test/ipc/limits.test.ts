import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_LIMITS,
  encodeReply,
  encodeRequest,
  type Limits,
  MAX_DELTA_BYTES,
  parseReply,
  parseRequest,
  type RequestOf,
} from '@enigma-worker/protocol';
import { bytesOf, refusalOf } from './refusal.js';

const address = 'ab'.repeat(32);
const key = '01'.repeat(64);
const tail = `"encryptedFn":"00","userDHKey":"${key}","gasLimit":1,"contractAddress":"${address}"`;

describe('limits', () => {
  const small: Limits = { messageBytes: 400, bytecodeBytes: 4, listItems: 3, jsonDepth: 4, jsonValues: 20 };

  it('of the message', () => {
    const text = `{"id":"x","type":"GetAllTips","pad":"${'x'.repeat(400)}"}`;
    expect(refusalOf(text, small)).toMatchObject({ code: 'LIMIT_EXCEEDED', id: 'x', type: 'GetAllTips' });
    expect(refusalOf(text, small).message).toBe(`message: expected at most 400 bytes, got ${text.length}`);
    expect(parseRequest(bytesOf(text)).type).toBe('GetAllTips');
  });

  it('of the message, whose id comes back if the first 4,096 bytes have all of it', () => {
    const idOf = (text: string): unknown => refusalOf(text, small).id;
    const padding = (length: number): string => `{"pad":"${'x'.repeat(length - 15)}","id":`;
    expect(padding(4000)).toHaveLength(4000);
    const end = `,"type":"GetAllTips"}`.padEnd(4096);
    for (const id of [7, -1_234_567, 'x'.repeat(50)]) {
      expect(idOf(padding(4000) + JSON.stringify(id) + end)).toBe(id);
      expect(idOf(padding(4094) + JSON.stringify(id) + end)).toBe(id === 7 ? 7 : null);
      expect(idOf(padding(5000) + JSON.stringify(id) + end)).toBe(null);
    }
    expect(idOf(padding(4096) + '7' + end)).toBe(null);
    expect(idOf(`{"id":7,${' '.repeat(5000)}`)).toBe(7);
    expect(idOf(' '.repeat(5000))).toBe(null);
    expect(idOf('7'.repeat(5000))).toBe(null);
  });

  it('of code, in every form', () => {
    const update = (code: string): string =>
      `{"id":"x","type":"UpdateNewContract","address":"${address}","bytecode":${code}}`;
    expect(parseRequest(bytesOf(update('[1,2,3,4]')), small).id).toBe('x');
    for (const code of ['[1,2,3,4,5]', '"0102030405"']) {
      expect(refusalOf(update(code), small)).toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: 'bytecode: expected at most 4 bytes, got 5',
      });
    }
    const deploy = (code: Uint8Array): string =>
      `{"id":"x","type":"DeploySecretContract","input":{"preCode":"${Buffer.from(gzipSync(code)).toString('base64')}","encryptedArgs":"",${tail}}}`;
    const large = { ...small, messageBytes: 10_000_000 };
    expect(parseRequest(bytesOf(deploy(new Uint8Array(4))), large).id).toBe('x');
    expect(refusalOf(deploy(new Uint8Array(5)), large)).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'input.preCode: expected at most 4 bytes after decompression, got more',
    });
    // A gzip file of 50 kB that would fill 50 MB.
    expect(refusalOf(deploy(new Uint8Array(50_000_000))).code).toBe('LIMIT_EXCEEDED');
  });

  it('of deltas: the largest fits a message, as integers of three digits', () => {
    const delta = {
      address: new Uint8Array(32),
      key: 2 ** 32 - 1,
      data: new Uint8Array(MAX_DELTA_BYTES).fill(255),
    };
    const frame = encodeRequest('UpdateDeltas', 'x'.repeat(1000), { deltas: [delta] });
    const { input } = parseRequest(frame) as { input: RequestOf<'UpdateDeltas'> };
    expect(Buffer.compare(input.deltas[0]!.data, delta.data)).toBe(0);
    const { address, key } = delta;
    const data = new Uint8Array(MAX_DELTA_BYTES + 1);
    const update = encodeRequest('UpdateDeltas', 'x', {
      deltas: [
        { address, key: 0, data: data.subarray(1) },
        { address, key, data },
      ],
    });
    expect(refusalOf(update)).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'deltas[1].data: expected at most 16776192 bytes, got 16776193',
    });
    const deployment = { address, bytecode: new Uint8Array(1), delta: { key: 0, data } };
    expect(refusalOf(encodeRequest('UpdateNewContractOnDeployment', 'x', deployment))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'delta.data: expected at most 16776192 bytes, got 16776193',
    });
  });

  it('of lists', () => {
    const tips = (count: number): string =>
      `{"id":"x","type":"GetTips","input":[${Array.from({ length: count }, () => '"00"').join(',')}]}`;
    expect(refusalOf(tips(4), small)).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'input: expected at most 3 items, got 4',
    });
    expect(refusalOf(tips(10_000)).code).toBe('FIELD_INVALID');
    expect(refusalOf(tips(10_005)).message).toBe('input: expected at most 10000 items, got 10005');
  });

  it('of nesting, also where nobody looks', () => {
    const nested = (depth: number): string =>
      `{"id":"x","type":"GetAllTips","more":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(parseRequest(bytesOf(nested(DEFAULT_LIMITS.jsonDepth))).id).toBe('x');
    expect(refusalOf(nested(DEFAULT_LIMITS.jsonDepth + 1))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'message: expected at most 64 levels of nesting, got more',
      id: 'x',
      type: 'GetAllTips',
    });
    expect(refusalOf(nested(1_000_000)).code).toBe('LIMIT_EXCEEDED');
  });

  it('of values that are kept, but not of those in unknown fields', () => {
    const values = (name: string): string =>
      `{"id":"x","type":"GetAllTips","${name}":[${'{"key":1},'.repeat(3)}[[null,null],[null,null,null]],[[null,null],[null]]]}`;
    const wide = { ...small, listItems: 100 };
    expect(refusalOf(values('input'), { ...wide, jsonDepth: 9 })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: 'message: expected at most 20 values, got more',
    });
    expect(parseRequest(bytesOf(values('unknown')), { ...wide, jsonDepth: 9 }).id).toBe('x');
  });

  it('of replies are wider: a worker may have more contracts than a request may name', () => {
    const addresses = Array.from({ length: DEFAULT_LIMITS.listItems + 1 }, () => new Uint8Array(32));
    const frame = encodeReply('GetAllAddrs', 'x', { addresses }, 'seed');
    expect(parseReply('GetAllAddrs', frame)).toMatchObject({ kind: 'result' });
    expect(() => parseReply('GetAllAddrs', frame, DEFAULT_LIMITS)).toThrow('at most 10000 items, got 10001');
  });
});
