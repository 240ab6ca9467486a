import { describe, expect, it } from 'vitest';
import { MESSAGE_TYPES, type MessageType } from '@enigma-worker/protocol';
import { refusalOf } from './refusal.js';

const address = 'ab'.repeat(32);
const key = '01'.repeat(64);

/** Fields of a request that is wrong, and how its error begins. */
type Refusals = readonly (readonly [fields: string, message: string])[];

const anAddress = 'expected 32 bytes as hex or as a list of integers 0 to 255, got';

/** Everything that an address can be instead of one. */
function notAnAddress(field: (value: string) => string, path: string): Refusals {
  return [
    [field('7'), `${path}: ${anAddress} an integer`],
    [field('null'), `${path}: ${anAddress} null`],
    [field('{}'), `${path}: ${anAddress} an object`],
    [field('true'), `${path}: ${anAddress} a boolean`],
    [field('"abc"'), `${path}: ${anAddress} an odd number of hex digits (3)`],
    [field(`"${'ab'.repeat(31)}"`), `${path}: ${anAddress} 31 bytes`],
    [field(`"${'ab'.repeat(33)}"`), `${path}: ${anAddress} 33 bytes`],
    [
      field(`"zz${'ab'.repeat(31)}"`),
      `${path}: ${anAddress} a character that is not a hex digit at position 0`,
    ],
    [
      field(`"ab ${'ab'.repeat(30)}a"`),
      `${path}: ${anAddress} a character that is not a hex digit at position 2`,
    ],
    [field(`"é${'ab'.repeat(31)}"`), `${path}: ${anAddress} a character that is not a hex digit`],
    [field('[1,2,3]'), `${path}: ${anAddress} 3 bytes`],
    [field('[1,256]'), `${path}: ${anAddress} a list of 2 items, of which [1] is an integer out of range`],
    [field('[-1,1]'), `${path}: ${anAddress} a list of 2 items, of which [0] is an integer out of range`],
    [field('[256]'), `${path}: ${anAddress} a list of 1 items, of which [0] is an integer out of range`],
    [
      field('[1,2,3.0,4]'),
      `${path}: ${anAddress} a list of 4 items, of which [2] is a number that is not a plain integer`,
    ],
    [field('[1,"2"]'), `${path}: ${anAddress} a list of 2 items, of which [1] is a string of 1 bytes`],
    [
      field(`[${'1,'.repeat(12_000)}256]`),
      `${path}: ${anAddress} a list of 12001 items, not all of them bytes`,
    ],
  ];
}

function notAnIndex(field: (value: string) => string, path: string, most = 4_294_967_295): Refusals {
  const expected = `${path}: expected an integer from 0 to ${most}, got`;
  return [
    [field('"1"'), `${expected} a string of 1 bytes`],
    [field('1.0'), `${expected} a number that is not a plain integer`],
    [field('1e5'), `${expected} a number that is not a plain integer`],
    [field('-1'), `${expected} an integer out of range`],
    [field(`${most + 1}`), `${expected} an integer out of range`],
    [field('123456789012345678901234567890'), `${expected} an integer out of range`],
    [field('9'.repeat(1000)), `${expected} an integer out of range`],
    [field('9'.repeat(1001)), `${expected} an integer of more than 1000 digits`],
    [field('null'), `${expected} null`],
    [field('[]'), `${expected} an empty list`],
  ];
}

const rangeRefusals: Refusals = [
  ['"other":1', 'input: expected a list, got nothing'],
  [`"input":{"address":"${address}","from":0,"to":1}`, 'input: expected a list, got an object'],
  ['"input":"x"', 'input: expected a list, got a string of 1 bytes'],
  ['"input":[1,2]', 'input[0]: expected an object, got an integer'],
  [
    `"input":[{"address":"${address}","from":0,"to":1},{"address":"${address}","to":1}]`,
    'input[1].from: expected',
  ],
  ...notAnAddress((value) => `"input":[{"address":${value},"from":0,"to":1}]`, 'input[0].address'),
  ...notAnIndex((value) => `"input":[{"address":"${address}","from":${value},"to":1}]`, 'input[0].from'),
  ...notAnIndex(
    (value) => `"input":[{"address":"${address}","from":1,"to":${value}}]`,
    'input[0].to',
    2 ** 32,
  ),
];

const tail = `"encryptedFn":"00","userDHKey":"${key}","gasLimit":1,"contractAddress":"${address}"`;

/** What both kinds of task refuse; `code` is what a deployment has besides. */
function taskRefusals(code: string): Refusals {
  const gas = 'input.gasLimit: expected an integer from 0 to 2^64-1, or one as a decimal string, got';
  const withGas = (value: string): string =>
    `"input":{${code}"encryptedArgs":"","encryptedFn":"00","userDHKey":"${key}","gasLimit":${value},"contractAddress":"${address}"}`;
  return [
    ['"other":1', 'input: expected an object, got nothing'],
    ['"input":[]', 'input: expected an object, got an empty list'],
    [
      `"input":{${code}${tail}}`,
      'input.encryptedArgs: expected bytes as hex or as a list of integers 0 to 255, got nothing',
    ],
    [`"input":{${code}"encryptedArgs":5,${tail}}`, 'input.encryptedArgs: expected bytes'],
    [`"input":{${code}"encryptedArgs":"0g",${tail}}`, 'input.encryptedArgs: expected bytes'],
    [withGas('-1'), `${gas} an integer out of range`],
    [withGas('18446744073709551616'), `${gas} an integer out of range`],
    [withGas('1e3'), `${gas} a number that is not a plain integer`],
    [withGas('"0x10"'), `${gas} a string of 4 bytes`],
    [withGas('"18446744073709551616"'), `${gas} a string of 20 bytes`],
    [withGas('""'), `${gas} a string of 0 bytes`],
    [withGas('null'), `${gas} null`],
    [
      `"input":{${code}"encryptedArgs":"","encryptedFn":"","userDHKey":"${'01'.repeat(63)}","gasLimit":1,"contractAddress":"${address}"}`,
      'input.userDHKey: expected 64 bytes as hex or as a list of integers 0 to 255, got 63 bytes',
    ],
    ...notAnAddress(
      (value) =>
        `"input":{${code}"encryptedArgs":"","encryptedFn":"","userDHKey":"${key}","gasLimit":1,"contractAddress":${value}}`,
      'input.contractAddress',
    ),
  ];
}

function codeRefusals(value: string, message: string): readonly [string, string] {
  return [`"input":{"preCode":${value},"encryptedArgs":"",${tail}}`, `input.preCode: expected ${message}`];
}

/** The type demands refusals of every message that has fields. */
const REFUSALS: { readonly [T in MessageType]: Refusals } = {
  GetRegistrationParams: [],
  GetAllTips: [],
  GetAllAddrs: [],
  GetTip: [
    ['"other":1', `input: ${anAddress} nothing`],
    [`"input":["${address}","${address}"]`, 'input: expected one item, got a list of 2 items'],
    ...notAnAddress((value) => `"input":${value}`, 'input'),
  ],
  GetTips: [
    ['"other":1', 'input: expected a list, got nothing'],
    [`"input":"${address}"`, 'input: expected a list, got a string of 64 bytes'],
    ['"input":[1,2]', `input[0]: ${anAddress} an integer`],
    ...notAnAddress((value) => `"input":["${address}",${value}]`, 'input[1]'),
  ],
  GetDelta: [
    ['"other":1', 'input: expected an object, got nothing'],
    ['"input":[]', 'input: expected an object, got an empty list'],
    [`"input":[{"address":"${address}","key":1},{}]`, 'input: expected one item, got a list of 2 items'],
    ['"input":{"key":1}', `input.address: ${anAddress} nothing`],
    [
      `"input":[{"address":"${address}"}]`,
      'input[0].key: expected an integer from 0 to 4294967295, got nothing',
    ],
    ...notAnAddress((value) => `"input":{"address":${value},"key":1}`, 'input.address'),
    ...notAnIndex((value) => `"input":{"address":"${address}","key":${value}}`, 'input.key'),
  ],
  GetDeltas: rangeRefusals,
  GetContract: [
    ['"other":1', `input: ${anAddress} nothing`],
    ...notAnAddress((value) => `"input":${value}`, 'input'),
  ],
  UpdateNewContract: [
    [
      `"address":"${address}"`,
      'bytecode: expected bytes as hex or as a list of integers 0 to 255, got nothing',
    ],
    [`"address":"${address}","bytecode":"0"`, 'bytecode: expected bytes'],
    [`"address":"${address}","bytecode":[300]`, 'bytecode: expected bytes'],
    ...notAnAddress((value) => `"address":${value},"bytecode":[]`, 'address'),
  ],
  UpdateNewContractOnDeployment: [
    [`"address":"${address}","bytecode":"00"`, 'delta: expected an object, got nothing'],
    [`"address":"${address}","bytecode":"00","delta":[]`, 'delta: expected an object, got an empty list'],
    [`"address":"${address}","bytecode":"00","delta":{"key":0}`, 'delta.data: expected bytes'],
    ...notAnIndex(
      (value) => `"address":"${address}","bytecode":"00","delta":{"key":${value},"data":[]}`,
      'delta.key',
    ),
    ...notAnAddress((value) => `"address":${value},"bytecode":[],"delta":{"key":0,"data":[]}`, 'address'),
  ],
  RemoveContract: [
    ['"other":1', `address: ${anAddress} nothing`],
    ...notAnAddress((value) => `"address":${value}`, 'address'),
  ],
  UpdateDeltas: [
    ['"other":1', 'deltas: expected a list, got nothing'],
    ['"deltas":{}', 'deltas: expected a list, got an object'],
    [`"deltas":[{"address":"${address}","key":1}]`, 'deltas[0].data: expected bytes'],
    [`"deltas":[{"address":"${address}","key":1,"data":[1,"2"]}]`, 'deltas[0].data: expected bytes'],
    ...notAnAddress((value) => `"deltas":[{"address":${value},"key":1,"data":[]}]`, 'deltas[0].address'),
    ...notAnIndex((value) => `"deltas":[{"address":"${address}","key":${value},"data":[]}]`, 'deltas[0].key'),
  ],
  RemoveDeltas: rangeRefusals,
  GetPTTRequest: [
    ['"addresses":"x"', 'addresses: expected a list, got a string of 1 bytes'],
    ...notAnAddress((value) => `"addresses":[${value}]`, 'addresses[0]'),
  ],
  PTTResponse: [
    ['"other":1', 'response: expected bytes as hex or as a list of integers 0 to 255, got nothing'],
    ['"input":7', 'response: expected bytes'],
    ['"input":{}', 'input.response: expected bytes as hex or as a list of integers 0 to 255, got nothing'],
    ['"response":"xyz!"', 'response: expected bytes'],
    [
      '"response":"00","sig":"00"',
      'sig: expected 65 bytes as hex or as a list of integers 0 to 255, got 1 bytes',
    ],
    ['"input":{"response":"00","sig":7}', 'input.sig: expected 65 bytes'],
  ],
  NewTaskEncryptionKey: [
    ['"other":1', 'userPubKey: expected 64 bytes as hex or as a list of integers 0 to 255, got nothing'],
    [
      `"userPubKey":"${key}01"`,
      'userPubKey: expected 64 bytes as hex or as a list of integers 0 to 255, got 65 bytes',
    ],
    [
      '"userPubKey":"0x"',
      'userPubKey: expected 64 bytes as hex or as a list of integers 0 to 255, got 0 bytes',
    ],
  ],
  DeploySecretContract: [
    ...taskRefusals('"preCode":[],'),
    codeRefusals('null', 'bytes as hex or as a list of integers 0 to 255, got null'),
    codeRefusals('"zz"', 'bytes'),
    codeRefusals('[1,2,999]', 'bytes'),
    codeRefusals('"H4sI!!!!"', 'base64 of gzip, got a string that is not base64'),
    codeRefusals('"H4sIAAAAAAAAA"', 'base64 of gzip, got a string that is not base64'),
    codeRefusals('"H4sIAAAAAAAAAwAA"', 'base64 of gzip, got base64 of something else'),
  ],
  ComputeTask: taskRefusals(''),
  EstimateTask: taskRefusals(''),
};

describe.each(MESSAGE_TYPES)('%s', (type) => {
  const rows = REFUSALS[type];

  it('refuses what is wrong with one error that names the field, what was expected and what came', () => {
    for (const [fields, message] of rows) {
      const refusal = refusalOf(`{"id":"x","type":"${type}",${fields}}`);
      expect(refusal.message.startsWith(message), `${refusal.message}\nshould begin with\n${message}`).toBe(
        true,
      );
      expect(refusal).toMatchObject({ id: 'x', type });
      expect(refusal.code).toBe(message.includes('got nothing') ? 'FIELD_MISSING' : refusal.code);
      expect(['FIELD_MISSING', 'FIELD_INVALID']).toContain(refusal.code);
    }
  });

  it('never repeats what a peer sent', () => {
    for (const [fields] of rows) {
      const refusal = refusalOf(`{"id":"x","type":"${type}",${fields}}`);
      expect(refusal.message).not.toMatch(/abab|0101|zz|xyz|é/);
    }
  });
});
