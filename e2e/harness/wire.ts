import { expect } from 'vitest';

const hex = (bytes?: number): unknown =>
  expect.stringMatching(bytes === undefined ? /^([0-9a-f]{2})*$/ : new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const natural = expect.toSatisfy(
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  'a natural number',
);
const ints = expect.toSatisfy(
  (value) => Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 0 && item < 256),
  'a list of bytes',
);
const listOf = (item: unknown): unknown =>
  expect.toSatisfy((value) => {
    if (!Array.isArray(value)) return false;
    for (const each of value) expect(each).toEqual(item);
    return true;
  }, 'a list');

const status = expect.toSatisfy((value) => value === 0 || value === -1, 'a status');
const deltaEntry = { address: hex(32), key: natural, data: ints };
const deltaStatus = { address: hex(32), key: natural, status };
const contractStatus = { address: hex(32), result: { status } };
const task = {
  output: hex(),
  delta: expect.toSatisfy((delta: { key: unknown; data?: unknown }) => {
    expect(delta).toEqual('data' in delta ? { key: natural, data: ints } : { key: 0 });
    return true;
  }, 'a delta'),
  usedGas: natural,
  ethereumPayload: hex(),
  ethereumAddress: hex(20),
  signature: hex(65),
};

/** What a reply holds besides `id` and `type`, as it stands on the wire in the seed's dialect. */
const WIRE = {
  GetRegistrationParams: { result: { signingKey: hex(20), report: hex(), signature: hex() } },
  GetTip: { result: { key: natural, data: ints } },
  GetTips: { result: { tips: listOf(deltaEntry) } },
  GetAllTips: { result: { tips: listOf(deltaEntry) } },
  GetAllAddrs: { result: { addresses: listOf(hex(32)) } },
  GetDelta: { result: { delta: ints } },
  GetDeltas: { result: { deltas: listOf(deltaEntry) } },
  GetContract: { result: { address: hex(32), bytecode: ints } },
  UpdateNewContract: contractStatus,
  UpdateNewContractOnDeployment: contractStatus,
  RemoveContract: contractStatus,
  UpdateDeltas: { result: { status, errors: listOf(deltaStatus) } },
  RemoveDeltas: { result: { status, errors: [] } },
  GetPTTRequest: { result: { request: hex(), workerSig: hex(65) } },
  PTTResponse: { result: { errors: listOf({ address: hex(32), status }) } },
  NewTaskEncryptionKey: { result: { workerEncryptionKey: hex(64), workerSig: hex(65) } },
  DeploySecretContract: { result: { ...task, preCodeHash: hex(32) } },
  ComputeTask: { result: task },
  EstimateTask: { result: { status, output: hex(), usedGas: natural } },
  FailedTask: { result: { output: hex(), usedGas: natural, signature: hex(65) } },
} as const;

/** The reply of the given type, in the given dialect. */
export function wireReply(type: keyof typeof WIRE, id: unknown, dialect: 'seed' | 'v0.3'): object {
  const body: object = WIRE[type];
  const reply = { id, type, ...body };
  if (dialect === 'seed') return reply;
  if (type === 'GetDelta') return { ...reply, result: { delta: hex() } };
  const isWrite = /^(Update|Remove)/.test(type);
  return isWrite ? { ...reply, status } : reply;
}
