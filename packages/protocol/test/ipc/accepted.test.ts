import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_LIMITS,
  encodeReply,
  parseReply,
  parseRequest,
  type RequestOf,
} from '@enigma-worker/protocol';

const address = new Uint8Array(32).fill(0xab);
const lower = 'ab'.repeat(32);
const code = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
const ints = '[0,97,115,109,1,0,0,0]';
const base64 = gzipSync(code).toString('base64');

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a request with these fields is parsed to. */
function inputOf(type: string, fields: string): unknown {
  const { id, input, ...rest } = parseRequest(bytesOf(`{"id":"x","type":"${type}",${fields}}`));
  expect({ id, ...rest }).toEqual({ id: 'x', type });
  return input;
}

describe('byte strings', () => {
  it.each([
    ['lower-case hex', `"${lower}"`],
    ['upper-case hex', `"${lower.toUpperCase()}"`],
    ['hex with 0x', `"0x${lower}"`],
    ['hex with 0X', `"0X${lower.toUpperCase()}"`],
    ['hex with spaces', `" ab${lower.slice(2, 20)}  ${lower.slice(20)} "`],
    ['hex with an odd number of spaces', `"0x ${lower}"`],
    ['hex in lines', `"${lower.slice(0, 31)}\\r\\n\\t${lower.slice(31)}\\n"`],
    ['hex with an escape', `"\\u0061b${'ab'.repeat(31)}"`],
    ['a list of integers', `[${Array.from(address).join(',')}]`],
    ['a list with spaces', `[ ${Array.from(address).join(' ,\n\t')} ]`],
  ])('are taken as %s', (_name, text) => {
    expect(inputOf('GetContract', `"input":${text}`)).toEqual({ input: address });
    expect(inputOf('GetTips', `"input":[${text},${text}]`)).toEqual({ input: [address, address] });
  });

  it('may be empty', () => {
    for (const empty of ['[]', '[ ]', '""', '"0x"']) {
      const fields = `"address":"${lower}","bytecode":${empty}`;
      expect(inputOf('UpdateNewContract', fields)).toEqual({ address, bytecode: new Uint8Array(0) });
    }
  });
});

describe('code for a deployment', () => {
  const rest = {
    encryptedArgs: Uint8Array.of(1),
    encryptedFn: Uint8Array.of(2),
    userDHKey: new Uint8Array(64),
    contractAddress: address,
  };
  const restText = `"encryptedArgs":"01","encryptedFn":[2],"userDHKey":"${'00'.repeat(64)}","contractAddress":"${lower}"`;

  it.each([
    ['integers', ints],
    ['hex', '"0061736d01000000"'],
    ['base64 of gzip', JSON.stringify(base64)],
    ['base64 of gzip without padding', JSON.stringify(base64.replaceAll('=', ''))],
    ['base64 with escaped slashes', JSON.stringify(base64).replaceAll('/', '\\/')],
  ])('is taken as %s', (_name, text) => {
    const input = inputOf('DeploySecretContract', `"input":{"preCode":${text},"gasLimit":1,${restText}}`);
    expect(input).toEqual({ input: { preCode: code, gasLimit: 1n, ...rest } });
  });

  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['4000000', 4_000_000n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['"18446744073709551615"', 2n ** 64n - 1n],
    ['"0012"', 12n],
  ])('takes a gas limit of %s', (text, gasLimit) => {
    const fields = `"input":{"taskID":"ignored","gasLimit":${text},${restText}}`;
    expect(inputOf('ComputeTask', fields)).toEqual({ input: { gasLimit, ...rest } });
  });
});

describe('the forms in which peers of any age send a request', () => {
  it('GetTip with the address in a list', () => {
    expect(inputOf('GetTip', `"input":["${lower}"]`)).toEqual({ input: address });
  });

  it('GetDelta with its input in a list, and not', () => {
    const expected: RequestOf<'GetDelta'> = { input: { address, key: 2 ** 32 - 1 } };
    const input = `{"key":4294967295,"address":"${lower}"}`;
    expect(inputOf('GetDelta', `"input":${input}`)).toEqual(expected);
    expect(inputOf('GetDelta', `"input":[${input}]`)).toEqual(expected);
  });

  it('PTTResponse with its fields at the top level, and in input', () => {
    const sig = new Uint8Array(65).fill(1);
    const fields = `"response":"00ff","sig":"${'01'.repeat(65)}"`;
    const expected = { response: Uint8Array.of(0, 255), sig };
    expect(inputOf('PTTResponse', fields)).toEqual(expected);
    expect(inputOf('PTTResponse', `"input":{${fields}}`)).toEqual(expected);
    expect(inputOf('PTTResponse', '"input":{"response":[0,255]}')).toEqual({ response: expected.response });
    expect(inputOf('PTTResponse', '"response":"00ff","sig":null')).toEqual({ response: expected.response });
  });

  it('GetPTTRequest with addresses, without, and with null', () => {
    expect(inputOf('GetPTTRequest', `"addresses":["${lower}"]`)).toEqual({ addresses: [address] });
    expect(inputOf('GetPTTRequest', '"addresses":[]')).toEqual({ addresses: [] });
    expect(inputOf('GetPTTRequest', '"addresses":null')).toEqual({});
    expect(inputOf('GetPTTRequest', '"other":1')).toEqual({});
  });

  it.each([`["${'00'.repeat(32)}"]`, '["zz"]', '7', '{}'])(
    'GetPTTRequest with %s, in v0.3 not read',
    (given) => {
      const frame = bytesOf(`{"id":1,"type":"GetPTTRequest","addresses":${given}}`);
      expect(parseRequest(frame, DEFAULT_LIMITS, 'v0.3').input).toEqual({});
    },
  );

  it('ranges up to the last index there can be, which end behind it', () => {
    for (const type of ['GetDeltas', 'RemoveDeltas']) {
      const range = `{"address":"${lower}","from":4294967295,"to":4294967296}`;
      expect(inputOf(type, `"input":[${range}]`)).toEqual({
        input: [{ address, from: 2 ** 32 - 1, to: 2 ** 32 }],
      });
    }
  });

  it('code in hex or integers in every message that carries it', () => {
    for (const text of [ints, '"0061736d01000000"']) {
      const fields = `"address":"${lower}","bytecode":${text}`;
      expect(inputOf('UpdateNewContract', fields)).toEqual({ address, bytecode: code });
      expect(
        inputOf('UpdateNewContractOnDeployment', `${fields},"delta":{"key":0,"data":"ff","address":1}`),
      ).toEqual({ address, bytecode: code, delta: { key: 0, data: Uint8Array.of(255) } });
    }
  });
});

describe('JSON as anyone may write it', () => {
  const tip = `"type":"GetTip","input":"${lower}"`;

  it('in any order, with white space, escapes, unknown fields and fields named like methods', () => {
    const texts = [
      `{"input":"${lower}","type":"GetTip","id":"x"}`,
      ` {\n"id" : "x" , "type"\t:"GetTip","input":\r"${lower}" } \n`,
      `{"\\u0069d":"\\u0078","t\\u0079pe":"Get\\u0054ip","input":"${lower}"}`,
      `{"id":"x","more":[1.5e3,{"a":[[],{},"]}",-0.0,1E-2]},null,true,false],${tip}}`,
      `{"__proto__":{"id":"y"},"constructor":1,"toString":[2],"id":"x",${tip}}`,
      `{"id":"x",${tip},"":{"":""},"ключ":"значение \\ud83d\\ude00"}`,
    ];
    for (const text of texts) {
      expect(parseRequest(bytesOf(text))).toEqual({ id: 'x', type: 'GetTip', input: { input: address } });
    }
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('ids come back with all their digits', () => {
    for (const id of ['0', '-7', '9007199254740993', '7'.repeat(41), `-${'9'.repeat(1000)}`]) {
      const request = parseRequest(bytesOf(`{"id":${id},${tip}}`));
      const reply = encodeReply('GetAllAddrs', request.id, { addresses: [] }, 'seed');
      expect(new TextDecoder().decode(reply)).toBe(
        `{"id":${id},"type":"GetAllAddrs","result":{"addresses":[]}}`,
      );
      expect(parseReply('GetAllAddrs', reply).id).toBe(request.id);
    }
  });

  it('the last of equal names wins', () => {
    const text = `{"id":"first","type":"GetAllTips","input":7,${tip},"id":"x"}`;
    expect(parseRequest(bytesOf(text))).toEqual({ id: 'x', type: 'GetTip', input: { input: address } });
  });

  it('in a frame that is a view of a larger buffer', () => {
    const text = bytesOf(`{"id":"x",${tip}}`);
    const buffer = new Uint8Array(text.length + 20).fill(0x31);
    buffer.set(text, 10);
    const frame = buffer.subarray(10, 10 + text.length);
    expect(parseRequest(frame)).toEqual({ id: 'x', type: 'GetTip', input: { input: address } });
  });
});

describe('replies of peers that take liberties', () => {
  const replyOf = (type: 'GetTips' | 'GetDeltas' | 'UpdateDeltas' | 'GetContract', text: string): unknown =>
    parseReply(type, bytesOf(text));
  const tip = { address, key: 3, data: Uint8Array.of(1) };

  it('indices as strings, addresses as integers', () => {
    const text = `{"id":"x","type":"GetTips","result":{"tips":[{"address":[${Array.from(address).join()}],"key":"3","data":[1]}]}}`;
    expect(replyOf('GetTips', text)).toEqual({ id: 'x', kind: 'result', result: { tips: [tip] } });
  });

  it('placeholders among deltas are left out', () => {
    const delta = `{"address":"${lower}","key":3,"data":[1]}`;
    const text = `{"id":"x","type":"GetDeltas","result":{"deltas":[{"key":0},${delta},{"key":0}]}}`;
    expect(replyOf('GetDeltas', text)).toEqual({ id: 'x', kind: 'result', result: { deltas: [tip] } });
  });

  it('a status at the top level only', () => {
    const text = '{"id":"x","type":"UpdateDeltas","status":0}';
    expect(replyOf('UpdateDeltas', text)).toEqual({
      id: 'x',
      kind: 'result',
      result: { status: 0, errors: [] },
    });
  });

  it('a contract that is null, or without its address', () => {
    const expected = { id: 'x', kind: 'result', result: { bytecode: new Uint8Array(0) } };
    expect(replyOf('GetContract', '{"id":"x","type":"GetContract","result":{"bytecode":null}}')).toEqual(
      expected,
    );
    expect(replyOf('GetContract', '{"id":"x","type":"GetContract","result":{"bytecode":[]}}')).toEqual(
      expected,
    );
  });

  it('gas as a string, an attestation signature in base64, a type of another message', () => {
    const signature = '02'.repeat(65);
    const failed = `{"id":1,"type":"FailedTask","result":{"output":"ff","usedGas":"5","signature":"${signature}"}}`;
    expect(parseReply('ComputeTask', bytesOf(failed))).toMatchObject({
      kind: 'failedTask',
      result: { usedGas: 5n },
    });
    const registration = `{"id":1,"type":"GetRegistrationParams","result":{"signingKey":"0x${'03'.repeat(20)}","report":"00","signature":"+/8="}}`;
    expect(parseReply('GetRegistrationParams', bytesOf(registration))).toMatchObject({
      result: { signature: Uint8Array.of(0xfb, 0xff) },
    });
    const slip = '{"id":1,"type":"GetPTTRequest","result":{"errors":[]}}';
    expect(parseReply('PTTResponse', bytesOf(slip))).toMatchObject({
      kind: 'result',
      result: { errors: [] },
    });
  });

  it.each([
    ['{"id":"x","type":"GetTips","msg":"why"}', 'why'],
    ['{"id":"x","type":"Error","msg":"why"}', 'why'],
    ['{"id":"x","msg":"why"}', 'why'],
    ['{"id":"x","type":"Error"}', 'the responder gave no reason'],
    ['{"id":"x","type":"Error","msg":7}', 'the responder gave no reason'],
  ])('%s is an error', (text, message) => {
    expect(replyOf('GetTips', text)).toEqual({ id: 'x', kind: 'error', message });
  });

  it('an error may be for a request whose id nobody could read', () => {
    const text = '{"id":null,"type":"Error","msg":"why"}';
    expect(replyOf('GetTips', text)).toEqual({ id: null, kind: 'error', message: 'why' });
  });
});
