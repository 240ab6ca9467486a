import { describe, expect, it } from 'vitest';
import {
  type Dialect,
  encodeError,
  encodeFailedTask,
  encodeReply,
  encodeRequest,
  type MessageType,
  type ResultOf,
} from '@enigma-worker/protocol';

const address = new Uint8Array(32).fill(0xab);
const addressHex = 'ab'.repeat(32);
const key = new Uint8Array(64).fill(1);
const signature = new Uint8Array(65).fill(2);
const data = Uint8Array.of(0, 9, 10, 99, 100, 255);
const ints = '[0,9,10,99,100,255]';
const hex = '00090a6364ff';

function text(frame: Uint8Array): string {
  return new TextDecoder().decode(frame);
}

/** The reply without what all replies begin with. */
function reply<T extends MessageType>(type: T, result: ResultOf<T>, dialect: Dialect): string {
  const whole = text(encodeReply(type, 'x', result, dialect));
  const head = `{"id":"x","type":"${type}",`;
  expect(whole.startsWith(head)).toBe(true);
  return whole.slice(head.length, -1);
}

describe('replies in both dialects', () => {
  const tip = `{"address":"${addressHex}","key":4,"data":${ints}}`;
  const statuses = `"result":{"status":-1,"errors":[{"address":"${addressHex}","key":4,"status":-1}]}`;
  const task = {
    output: data,
    delta: { key: 3, data },
    usedGas: 2n ** 64n - 1n,
    ethereumPayload: new Uint8Array(0),
    ethereumAddress: new Uint8Array(20),
    signature,
  };
  const taskTail = `"usedGas":18446744073709551615,"ethereumPayload":"","ethereumAddress":"${'00'.repeat(20)}","signature":"${'02'.repeat(65)}"}`;

  it.each<Dialect>(['seed', 'v0.3'])('%s', (dialect) => {
    const registration = {
      signingKey: new Uint8Array(20).fill(3),
      report: data,
      signature: new Uint8Array(0),
    };
    expect(reply('GetRegistrationParams', registration, dialect)).toBe(
      `"result":{"signingKey":"${'03'.repeat(20)}","report":"${hex}","signature":""}`,
    );
    expect(reply('GetTip', { key: 4, data }, dialect)).toBe(`"result":{"key":4,"data":${ints}}`);
    const tips = { tips: [{ address, key: 4, data }] };
    expect(reply('GetTips', tips, dialect)).toBe(`"result":{"tips":[${tip}]}`);
    expect(reply('GetAllTips', { tips: [] }, dialect)).toBe('"result":{"tips":[]}');
    expect(reply('GetAllAddrs', { addresses: [address, address] }, dialect)).toBe(
      `"result":{"addresses":["${addressHex}","${addressHex}"]}`,
    );
    expect(reply('GetDeltas', { deltas: [...tips.tips, ...tips.tips] }, dialect)).toBe(
      `"result":{"deltas":[${tip},${tip}]}`,
    );
    expect(reply('GetContract', { address, bytecode: new Uint8Array(0) }, dialect)).toBe(
      `"result":{"address":"${addressHex}","bytecode":[]}`,
    );
    expect(reply('GetPTTRequest', { request: data, workerSig: signature }, dialect)).toBe(
      `"result":{"request":"${hex}","workerSig":"${'02'.repeat(65)}"}`,
    );
    expect(reply('PTTResponse', { errors: [{ address, status: -1 }] }, dialect)).toBe(
      `"result":{"errors":[{"address":"${addressHex}","status":-1}]}`,
    );
    expect(reply('NewTaskEncryptionKey', { workerEncryptionKey: key, workerSig: signature }, dialect)).toBe(
      `"result":{"workerEncryptionKey":"${'01'.repeat(64)}","workerSig":"${'02'.repeat(65)}"}`,
    );
    expect(reply('DeploySecretContract', { ...task, preCodeHash: address }, dialect)).toBe(
      `"result":{"output":"${hex}","preCodeHash":"${addressHex}","delta":{"key":3,"data":${ints}},${taskTail}`,
    );
    expect(reply('ComputeTask', { ...task, delta: { key: 0 } }, dialect)).toBe(
      `"result":{"output":"${hex}","delta":{"key":0},${taskTail}`,
    );
  });

  it('differ in the result of GetDelta', () => {
    expect(reply('GetDelta', { delta: data }, 'seed')).toBe(`"result":{"delta":${ints}}`);
    expect(reply('GetDelta', { delta: data }, 'v0.3')).toBe(`"result":{"delta":"${hex}"}`);
  });

  it('differ in where the status of a write stands', () => {
    for (const type of ['UpdateNewContract', 'UpdateNewContractOnDeployment', 'RemoveContract'] as const) {
      const result = `"result":{"status":0}`;
      expect(reply(type, { address, status: 0 }, 'seed')).toBe(`"address":"${addressHex}",${result}`);
      expect(reply(type, { address, status: 0 }, 'v0.3')).toBe(
        `"address":"${addressHex}","status":0,${result}`,
      );
    }
    for (const type of ['UpdateDeltas', 'RemoveDeltas'] as const) {
      const result = { status: -1, errors: [{ address, key: 4, status: -1 }] };
      expect(reply(type, result, 'seed')).toBe(statuses);
      expect(reply(type, result, 'v0.3')).toBe(`"status":-1,${statuses}`);
    }
  });

  it('to failed tasks are the same', () => {
    for (const dialect of ['seed', 'v0.3'] as const) {
      expect(text(encodeFailedTask(7, { output: data, usedGas: 5n, signature }, dialect))).toBe(
        `{"id":7,"type":"FailedTask","result":{"output":"${hex}","usedGas":5,"signature":"${'02'.repeat(65)}"}}`,
      );
    }
  });
});

describe('errors', () => {
  it('name the type of the request in the seed dialect', () => {
    expect(text(encodeError({ id: 'x', type: 'GetTip' }, 'no "such" contract', 'seed'))).toBe(
      '{"id":"x","type":"GetTip","msg":"no \\"such\\" contract"}',
    );
    expect(text(encodeError({ id: null }, 'bad', 'seed'))).toBe('{"id":null,"type":"Error","msg":"bad"}');
  });

  it('are of type Error in version 0.3', () => {
    expect(text(encodeError({ id: 3, type: 'GetTip' }, 'bad', 'v0.3'))).toBe(
      '{"id":3,"type":"Error","msg":"bad"}',
    );
  });
});

describe('requests', () => {
  it('differ where the dialects do', () => {
    const delta = { input: { address, key: 1 } };
    const inner = `{"address":"${addressHex}","key":1}`;
    expect(text(encodeRequest('GetDelta', 1, delta))).toBe(`{"id":1,"type":"GetDelta","input":[${inner}]}`);
    expect(text(encodeRequest('GetDelta', 1, delta, 'v0.3'))).toBe(
      `{"id":1,"type":"GetDelta","input":${inner}}`,
    );
    const answer = { response: data, sig: signature };
    const fields = `"response":"${hex}","sig":"${'02'.repeat(65)}"`;
    expect(text(encodeRequest('PTTResponse', 1, answer))).toBe(`{"id":1,"type":"PTTResponse",${fields}}`);
    expect(text(encodeRequest('PTTResponse', 1, answer, 'v0.3'))).toBe(
      `{"id":1,"type":"PTTResponse","input":{${fields}}}`,
    );
  });

  it('carry code and data in the form that the deployed worker took', () => {
    expect(text(encodeRequest('UpdateNewContract', 1, { address, bytecode: data }))).toContain(
      `"bytecode":${ints}`,
    );
    const deployment = { address, bytecode: data, delta: { key: 0, data } };
    expect(text(encodeRequest('UpdateNewContractOnDeployment', 1, deployment))).toContain(
      `"bytecode":"${hex}","delta":{"key":0,"data":${ints}}`,
    );
  });
});
