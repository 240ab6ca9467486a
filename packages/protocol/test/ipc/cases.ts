import * as fc from 'fast-check';
import type { FailedTaskResult, MessageType, RequestId, RequestOf, ResultOf } from '@enigma-worker/protocol';

/** Any request and any result of a message. */
export interface MessageCase<T extends MessageType> {
  readonly request: fc.Arbitrary<RequestOf<T>>;
  readonly result: fc.Arbitrary<ResultOf<T>>;
}

function exactly(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const bytes = fc.uint8Array({ maxLength: 300 });
const address = exactly(32);
const publicKey = exactly(64);
const signature = exactly(65);
const index = fc.nat(0xffff_ffff);
const gas = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const status = fc.integer();
const nothing = fc.constant({});

const delta = fc.record({ address, key: index, data: bytes });
const deltas = fc.array(delta, { maxLength: 10 });
const ranges = fc.array(fc.record({ address, from: index, to: index }), { maxLength: 10 });
const addresses = fc.array(address, { maxLength: 10 });
const errors = fc.array(fc.record({ address, key: fc.integer({ min: -1 }), status }), { maxLength: 10 });
const contractStatus = fc.record({ address, status });
const taskDelta = fc.record({ key: index, data: bytes }, { requiredKeys: ['key'] });
const taskInput = {
  encryptedArgs: bytes,
  encryptedFn: bytes,
  userDHKey: publicKey,
  gasLimit: gas,
  contractAddress: address,
};
const taskResult = {
  output: bytes,
  delta: taskDelta,
  usedGas: gas,
  ethereumPayload: bytes,
  ethereumAddress: exactly(20),
  signature,
};

/** The type demands a case for every message: a new one does not compile without. */
export const CASES: { readonly [T in MessageType]: MessageCase<T> } = {
  GetRegistrationParams: {
    request: nothing,
    result: fc.record({ signingKey: exactly(20), report: bytes, signature: bytes }),
  },
  GetTip: { request: fc.record({ input: address }), result: fc.record({ key: index, data: bytes }) },
  GetTips: { request: fc.record({ input: addresses }), result: fc.record({ tips: deltas }) },
  GetAllTips: { request: nothing, result: fc.record({ tips: deltas }) },
  GetAllAddrs: { request: nothing, result: fc.record({ addresses }) },
  GetDelta: {
    request: fc.record({ input: fc.record({ address, key: index }) }),
    result: fc.record({ delta: bytes }),
  },
  GetDeltas: { request: fc.record({ input: ranges }), result: fc.record({ deltas }) },
  GetContract: {
    request: fc.record({ input: address }),
    result: fc.record({ address, bytecode: bytes }, { requiredKeys: ['bytecode'] }),
  },
  UpdateNewContract: { request: fc.record({ address, bytecode: bytes }), result: contractStatus },
  UpdateNewContractOnDeployment: {
    request: fc.record({ address, bytecode: bytes, delta: fc.record({ key: index, data: bytes }) }),
    result: contractStatus,
  },
  RemoveContract: { request: fc.record({ address }), result: contractStatus },
  UpdateDeltas: { request: fc.record({ deltas }), result: fc.record({ status, errors }) },
  RemoveDeltas: { request: fc.record({ input: ranges }), result: fc.record({ status, errors }) },
  GetPTTRequest: {
    request: fc.record({ addresses }, { requiredKeys: [] }),
    result: fc.record({ request: bytes, workerSig: signature }),
  },
  PTTResponse: {
    request: fc.record({ response: bytes, sig: signature }, { requiredKeys: ['response'] }),
    result: fc.record({ errors: fc.array(fc.record({ address, status }), { maxLength: 10 }) }),
  },
  NewTaskEncryptionKey: {
    request: fc.record({ userPubKey: publicKey }),
    result: fc.record({ workerEncryptionKey: publicKey, workerSig: signature }),
  },
  DeploySecretContract: {
    request: fc.record({ input: fc.record({ preCode: bytes, ...taskInput }) }),
    result: fc.record({ ...taskResult, preCodeHash: exactly(32) }),
  },
  ComputeTask: { request: fc.record({ input: fc.record(taskInput) }), result: fc.record(taskResult) },
  EstimateTask: {
    request: fc.record({ input: fc.record(taskInput) }),
    result: fc.record({ status, output: bytes, usedGas: gas }),
  },
};

/** Any result of a failed task. */
export const failedTask: fc.Arbitrary<FailedTaskResult> = fc.record({
  output: bytes,
  usedGas: gas,
  signature,
});

/** Any id that a peer may choose. */
export const requestId: fc.Arbitrary<RequestId> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.uuid(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 10n ** 39n }),
  fc.bigInt({ min: -(10n ** 39n), max: -(2n ** 53n) }),
);
