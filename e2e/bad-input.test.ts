import { MESSAGE_TYPES, type MessageType } from '@enigma-worker/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@enigma-worker/client';
import { type RawPeer, whatComesBack } from './harness/raw.js';
import { snapshot } from './harness/snapshot.js';
import { type Fields, validRequests } from './harness/valid.js';
import { World } from './harness/world.js';

const world = new World();
let endpoint: string;
let peer: RawPeer;
let client: Client;
let stored: string;
let known: string;

beforeAll(async () => {
  ({ endpoint } = await world.worker({
    messageLimits: { messageBytes: 1 << 20, listItems: 100, bytecodeBytes: 1000 },
  }));
  client = world.client(endpoint);
  peer = world.peer(endpoint);
  known = Buffer.from(await world.deployed(client)).toString('hex');
  stored = await snapshot(client);
});
afterAll(() => world[Symbol.asyncDispose]());

/** One clear error comes, the next request works, nothing stored has changed. */
async function refused(frame: string | Uint8Array, type: string, id: unknown, names: RegExp): Promise<void> {
  const replies = await peer.frames(frame);
  expect(replies).toHaveLength(1);
  expect(JSON.parse(String(replies[0]))).toEqual({ id, type, msg: expect.stringMatching(names) });
  expect(await peer.send({ id: 'next', type: 'GetAllAddrs' })).toMatchObject({
    id: 'next',
    type: 'GetAllAddrs',
  });
  expect(await snapshot(client)).toBe(stored);
}

const G_X = '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
const hexErrors: readonly (readonly [string, unknown])[] = [
  ['a number', 7],
  ['null', null],
  ['a list of lists', [[1]]],
  ['an object', {}],
  ['a boolean', true],
  ['bad hex', 'zz'.repeat(32)],
  ['an odd number of digits', 'abc'],
  ['blanks in place of digits', `ab  ${'ab'.repeat(30)}a`],
  ['a blank that is none of ASCII', `ab\u00a0${'ab'.repeat(31)}`],
];
const fixedErrors = [
  ...hexErrors,
  ['too short', 'ab'.repeat(31)],
  ['too long', 'ab'.repeat(90)],
  ['empty', ''],
] as const;
const keyErrors = [
  ...fixedErrors,
  ['off the curve', `${G_X}${'00'.repeat(31)}01`],
  ['zero', '00'.repeat(64)],
] as const;
const u32Errors = [
  ['a text', '1'],
  ['negative', -1],
  ['a fraction', 1.5],
  ['too large', 2 ** 32],
  ['null', null],
] as const;
const endErrors = u32Errors.map(([name, value]) => [name, value === 2 ** 32 ? value + 1 : value] as const);
const gasErrors = [
  ['negative', -1],
  ['a fraction', 0.5],
  ['no number', 'many'],
  ['beyond 64 bits', '18446744073709551616'],
  ['null', null],
] as const;
const byteErrors = [
  ['a number beyond a byte', [256]],
  ['a negative number', [-1]],
  ['a fraction', [1.5]],
  ['texts', ['1']],
  ['a number', 7],
  ['an object', {}],
  ['bad hex', 'xyz'],
] as const;
const listErrors = [
  ['an object', {}],
  ['a text', 'text'],
  ['a number', 1],
  ['too many', Array.from({ length: 101 }, () => null)],
] as const;

type Values = readonly (readonly [string, unknown])[];
/** What is wrong with the inputs of a task. */
const taskErrors: readonly (readonly [path: string, values: Values])[] = [
  [
    'input',
    [
      ['a text', 'text'],
      ['null', null],
    ],
  ],
  ['input.encryptedArgs', hexErrors],
  ['input.encryptedFn', hexErrors],
  ['input.userDHKey', keyErrors],
  ['input.gasLimit', gasErrors],
  ['input.contractAddress', fixedErrors],
];

/** For each message: the path of a field, and values it must not have. A missing field is tried for each. */
const FIELDS: {
  readonly [T in MessageType]: readonly (readonly [path: string, values: Values, optional?: 'optional'])[];
} = {
  GetRegistrationParams: [],
  GetAllTips: [],
  GetAllAddrs: [],
  GetTip: [['input', fixedErrors]],
  GetTips: [
    ['input', listErrors],
    ['input.0', fixedErrors],
  ],
  GetDelta: [
    ['input.address', fixedErrors],
    ['input.key', u32Errors],
    ['input', [['two in a list', [1, 2]]]],
  ],
  GetDeltas: [
    ['input', listErrors],
    ['input.0.address', fixedErrors],
    ['input.0.from', u32Errors],
    ['input.0.to', endErrors],
  ],
  GetContract: [['input', fixedErrors]],
  UpdateNewContract: [
    ['address', fixedErrors],
    ['bytecode', [...byteErrors, ['too long', Array.from({ length: 1001 }, () => 0)]]],
  ],
  UpdateNewContractOnDeployment: [
    ['address', fixedErrors],
    [
      'bytecode',
      [
        ['bad hex', 'xyz'],
        ['too long', '00'.repeat(1001)],
      ],
    ],
    ['delta.key', u32Errors],
    ['delta.data', byteErrors],
    ['delta', [['a text', 'text']]],
  ],
  RemoveContract: [['address', fixedErrors]],
  UpdateDeltas: [
    ['deltas', listErrors],
    ['deltas.0.address', fixedErrors],
    ['deltas.0.key', u32Errors],
    ['deltas.0.data', byteErrors],
  ],
  RemoveDeltas: [
    ['input', listErrors],
    ['input.0.address', fixedErrors],
    ['input.0.from', u32Errors],
    ['input.0.to', endErrors],
  ],
  GetPTTRequest: [
    ['addresses', listErrors, 'optional'],
    ['addresses.0', fixedErrors],
  ],
  PTTResponse: [
    ['response', [...hexErrors, ['no message', '00'], ['empty', '']]],
    [
      'sig',
      [
        ['bad hex', 'xyz'],
        ['too short', '00'],
      ],
      'optional',
    ],
  ],
  NewTaskEncryptionKey: [['userPubKey', keyErrors]],
  DeploySecretContract: [
    [
      'input',
      [
        ['a text', 'text'],
        ['null', null],
      ],
    ],
    [
      'input.preCode',
      [
        ['a number beyond a byte', [256]],
        ['an object', {}],
        ['too long', '00'.repeat(1001)],
      ],
    ],
    ['input.encryptedArgs', hexErrors],
    ['input.encryptedFn', hexErrors],
    ['input.userDHKey', keyErrors],
    ['input.gasLimit', gasErrors],
    ['input.contractAddress', fixedErrors],
  ],
  ComputeTask: taskErrors,
  EstimateTask: taskErrors,
};

/** A copy with the field at the path replaced, or removed when no value is given. */
function bend(fields: Fields, path: string, ...value: unknown[]): Fields {
  const copy = structuredClone(fields);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const parent = steps.reduce((at, step) => at[step] as Fields, copy);
  if (value.length > 0) parent[last] = value[0];
  else if (Array.isArray(parent)) parent[Number(last)] = {};
  else delete parent[last];
  return copy;
}

describe.each(MESSAGE_TYPES)('%s with', (type) => {
  const cases = FIELDS[type].flatMap(([path, values, optional]) => [
    ...values.map(([what, value]) => [path, what, [value]] as const),
    ...(optional === undefined ? [[path, 'missing', []] as const] : []),
  ]);
  it.each(cases)('%s that is %s', async (path, _, value) => {
    const fields = bend(validRequests()[type], path, ...value);
    const name =
      path
        .split('.')
        .filter((step) => !/^\d+$/.test(step))
        .at(-1) ?? '';
    await refused(
      JSON.stringify({ id: 'bad', type, ...fields }),
      type,
      'bad',
      new RegExp(`${name}|KeysError|KeyError`, 'i'),
    );
  });

  it('an id that is none', async () => {
    for (const id of [null, {}, [], true, 1.5, undefined]) {
      await refused(JSON.stringify({ id, type, ...validRequests()[type] }), type, null, /id/);
    }
  });
});

describe('unknown things', () => {
  it.each([
    ['GetTip', { input: 'ab'.repeat(32) }],
    ['GetTips', { input: ['ab'.repeat(32)] }],
    ['GetDelta', { input: { address: 'ab'.repeat(32), key: 0 } }],
    ['GetDeltas', { input: [{ address: 'ab'.repeat(32), from: 0, to: 9 }] }],
    ['PTTResponse', { response: '00'.repeat(100) }],
    ['ComputeTask', validRequests().ComputeTask],
    ['DeploySecretContract', validRequests().DeploySecretContract],
  ])('are refused: %s', async (type, fields) => {
    await refused(JSON.stringify({ id: 1, type, ...fields }), type, 1, /./);
  });

  it('are refused: a key that a known contract lacks', async () => {
    const input = { address: known, key: 1 };
    await refused(JSON.stringify({ id: 1, type: 'GetDelta', input }), 'GetDelta', 1, /1/);
  });

  it('name no secret', async () => {
    const secret = 'ee'.repeat(63);
    const [reply] = await peer.frames(
      JSON.stringify({ id: 1, type: 'NewTaskEncryptionKey', userPubKey: secret }),
    );
    expect(String(reply)).not.toContain('eeeeeeee');
  });
});

describe('what is no request', () => {
  const garbage: readonly (readonly [string, string | Uint8Array])[] = [
    ['an empty frame', ''],
    ['a blank', ' '],
    ['garbage', 'garbage'],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0)],
    ['an unfinished object', '{"id":"x","type":"GetAllAddrs"'],
    ['two objects', '{"id":"x","type":"GetAllAddrs"}{}'],
    ['a list', '[]'],
    ['a text', '"GetAllAddrs"'],
    ['null', 'null'],
    ['a number', '1'],
    ['an object without anything', '{}'],
    ['nesting without end', '['.repeat(100_000)],
    ['nesting beyond the limit', `{"id":"x","type":"GetAllAddrs","y":${'['.repeat(100)}${']'.repeat(100)}}`],
  ];
  it.each(garbage)('is refused: %s', async (_, frame) => {
    const replies = await peer.frames(frame);
    expect(replies).toHaveLength(1);
    expect(JSON.parse(String(replies[0]))).toMatchObject({ msg: expect.stringMatching(/./) });
    expect(JSON.parse(String(replies[0]))).not.toHaveProperty('result');
    expect(await snapshot(client)).toBe(stored);
  });

  it.each(['Nonsense', '', 'gettip', '__proto__', 'constructor', 'toString', 'Error', 'FailedTask'])(
    'is refused: the type %j',
    async (type) => {
      await refused(JSON.stringify({ id: 5, type }), 'Error', 5, /type/);
    },
  );

  it.each([[undefined], [null], [7], [{}], [['GetTip']]])('is refused: a type that is %j', async (type) => {
    await refused(JSON.stringify({ id: 5, type }), 'Error', 5, /type/);
  });

  it('gets a reply part for each of its parts', async () => {
    const good = '{"id":"x","type":"GetAllAddrs"}';
    const replies = await peer.frames('', good, 'garbage', '', good, '{}');
    const kinds = replies.map((reply) => Object.hasOwn(JSON.parse(String(reply)) as object, 'result'));
    expect(kinds).toEqual([false, true, false, false, true, false]);
  });

  it('is answered or ignored when the envelope is odd, and never twice', async () => {
    const good = '{"id":"x","type":"GetAllAddrs"}';
    const lengths = async (...frames: string[]): Promise<number[]> =>
      (await whatComesBack(endpoint, frames, 300)).map((reply) => reply.length);
    expect(await lengths(good)).toEqual([1]);
    expect(await lengths('', good)).toEqual([2]);
    expect(await lengths('a', 'b', '', good, good)).toEqual([5]);
    expect(await lengths('')).toEqual([2]);
    expect(await lengths(...Array.from({ length: 20 }, () => 'x'))).toEqual([20]);
    expect(await snapshot(client)).toBe(stored);
  });
});
