import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobCodec, replyCodec } from '#enclave/task/codecs.js';
import type { ChangedReply, ComputeJob, DoneReply, FailedReply, Job, Reply } from '#enclave/task/messages.js';

const bytes = (length?: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array(length === undefined ? { maxLength: 300 } : { minLength: length, maxLength: length });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const gas = fc.bigInt(0n, 2n ** 64n - 1n);
const memory = new Uint8Array(new SharedArrayBuffer(16_384));

const job: fc.Arbitrary<ComputeJob> = fc.record({
  kind: fc.constant('compute' as const),
  fresh: fc.boolean(),
  dryRun: fc.boolean(),
  ioKey: bytes(32),
  stateKey: optional(bytes(32)),
  input: fc.record({
    encryptedFn: bytes(),
    encryptedArgs: bytes(),
    userDHKey: bytes(64),
    gasLimit: gas,
    contractAddress: bytes(32),
  }),
});

const head = fc.record({
  id: bytes(16),
  index: fc.nat(0xffff_ffff),
  hash: bytes(32),
  shape: fc.constantFrom('object' as const, 'whole' as const),
});

const done: fc.Arbitrary<DoneReply> = fc.record({
  kind: fc.constant('done' as const),
  result: fc.record({
    output: bytes(),
    usedGas: gas,
    ethereumPayload: bytes(),
    ethereumAddress: bytes(20),
    signature: bytes(65),
  }),
});

const changed: fc.Arbitrary<ChangedReply> = fc.record({
  kind: fc.constant('changed' as const),
  change: fc.record({
    delta: bytes(),
    state: fc.record({
      base: optional(head),
      head,
      writes: fc.array(fc.record({ tag: bytes(16), value: optional(bytes()) }), { maxLength: 8 }),
    }),
  }),
});

const failed: fc.Arbitrary<FailedReply> = fc.record({
  kind: fc.constant('failed' as const),
  result: fc.record({ output: bytes(), usedGas: gas, signature: bytes(65) }),
});

const spareKeysJob: fc.Arbitrary<Job> = fc.record({
  kind: fc.constant('spare-keys' as const),
  fresh: fc.constant(true),
  count: fc.nat(1000),
});

const spareKeys: fc.Arbitrary<Reply> = fc.record({
  kind: fc.constant('spare-keys' as const),
  keys: fc.array(fc.record({ privateKey: bytes(32), publicKey: bytes(64), signature: bytes(65) }), {
    maxLength: 20,
  }),
});

describe('codecs of tasks', () => {
  it('read the jobs they wrote', () => {
    fc.assert(
      fc.property(fc.oneof(job, spareKeysJob), (message) => {
        const length = jobCodec.encode(message, memory)!;
        expect(jobCodec.decode(memory.subarray(0, length))).toEqual(message);
      }),
    );
  });

  it('read the replies they wrote', () => {
    const constants = fc.constantFrom({ kind: 'refused' as const }, { kind: 'stale' as const });
    fc.assert(
      fc.property(fc.oneof(done, changed, failed, spareKeys, constants), (message) => {
        const length = replyCodec.encode(message, memory)!;
        expect(replyCodec.decode(memory.subarray(0, length))).toEqual(message);
      }),
    );
  });

  it('leave what does not fit, or is not theirs, to the port', () => {
    fc.assert(
      fc.property(job, fc.oneof(done, changed), (small, reply) => {
        const jobLength = jobCodec.encode(small, memory)!;
        expect(jobCodec.encode(small, memory.subarray(0, jobLength - 1))).toBeUndefined();
        const replyLength = replyCodec.encode(reply, memory)!;
        expect(replyCodec.encode(reply, memory.subarray(0, replyLength - 1))).toBeUndefined();
      }),
    );
    const address = new Uint8Array(32);
    expect(
      jobCodec.encode({ kind: 'build', fresh: true, address, stateKey: address }, memory),
    ).toBeUndefined();
    expect(replyCodec.encode({ kind: 'error', code: 'STATE', message: 'x' }, memory)).toBeUndefined();
  });
});
