import type { Codec } from '../../executors/codec.js';
import { FieldReader, FieldWriter } from '../../bytes/fields.js';
import { readChange, writeChange } from '../../store/change-codec.js';
import type { SpareKey } from '../task-keys.js';
import type { DoneReply, FailedReply, Job, Reply } from './messages.js';

// What most tasks need goes through shared memory: computations, their results and their failures, and keys for them.
// Everything else is rare or large, and travels as a structured clone.

const FRESH = 1;
const DRY_RUN = 2;
const STATE_KEY = 4;
const SPARE_KEYS = 8;

/** Puts computations, and the demand for spare keys, into shared memory. */
export const jobCodec: Codec<Job> = {
  encode(job, target) {
    if (job.kind === 'spare-keys') {
      const writer = new FieldWriter(target);
      writer.number(SPARE_KEYS);
      writer.number(job.count);
      return writer.length;
    }
    if (job.kind !== 'compute') return undefined;
    const writer = new FieldWriter(target);
    const { input, stateKey } = job;
    writer.number(
      (job.fresh ? FRESH : 0) | (job.dryRun ? DRY_RUN : 0) | (stateKey === undefined ? 0 : STATE_KEY),
    );
    writer.bytes(job.ioKey);
    if (stateKey !== undefined) writer.bytes(stateKey);
    writer.bytes(input.encryptedFn);
    writer.bytes(input.encryptedArgs);
    writer.bytes(input.userDHKey);
    writer.integer(input.gasLimit);
    writer.bytes(input.contractAddress);
    return writer.length;
  },

  decode(source): Job {
    const reader = new FieldReader(source);
    const flags = reader.number();
    if (flags === SPARE_KEYS) return { kind: 'spare-keys', fresh: true, count: reader.number() };
    return {
      kind: 'compute',
      fresh: (flags & FRESH) !== 0,
      dryRun: (flags & DRY_RUN) !== 0,
      ioKey: reader.bytes(),
      stateKey: (flags & STATE_KEY) === 0 ? undefined : reader.bytes(),
      input: {
        encryptedFn: reader.bytes(),
        encryptedArgs: reader.bytes(),
        userDHKey: reader.bytes(),
        gasLimit: reader.integer(),
        contractAddress: reader.bytes(),
      },
    };
  },
};

const DONE = 0;
const CHANGED = 1;
const FAILED = 2;
const REFUSED = 3;
const STALE = 4;
const KEYS = 5;

/** Puts the results of computations, and spare keys, into shared memory. */
export const replyCodec: Codec<Reply> = {
  encode(reply, target) {
    const writer = new FieldWriter(target);
    if (reply.kind === 'done') {
      writer.number(DONE);
      writeDone(writer, reply);
    } else if (reply.kind === 'changed') {
      writer.number(CHANGED);
      writeChange(writer, reply.change);
    } else if (reply.kind === 'failed') {
      writer.number(FAILED);
      writeFailed(writer, reply);
    } else if (reply.kind === 'refused') {
      writer.number(REFUSED);
    } else if (reply.kind === 'stale') {
      writer.number(STALE);
    } else if (reply.kind === 'spare-keys') {
      writer.number(KEYS);
      writeKeys(writer, reply.keys);
    } else {
      return undefined;
    }
    return writer.length;
  },

  decode(source): Reply {
    const reader = new FieldReader(source);
    switch (reader.number()) {
      case DONE:
        return readDone(reader);
      case CHANGED:
        return { kind: 'changed', change: readChange(reader) };
      case FAILED:
        return readFailed(reader);
      case REFUSED:
        return { kind: 'refused' };
      case KEYS:
        return { kind: 'spare-keys', keys: readKeys(reader) };
      default:
        return { kind: 'stale' };
    }
  },
};

function writeDone(writer: FieldWriter, { result }: DoneReply): void {
  writer.bytes(result.output);
  writer.integer(result.usedGas);
  writer.bytes(result.ethereumPayload);
  writer.bytes(result.ethereumAddress);
  writer.bytes(result.signature);
}

function readDone(reader: FieldReader): DoneReply {
  const result = {
    output: reader.bytes(),
    usedGas: reader.integer(),
    ethereumPayload: reader.bytes(),
    ethereumAddress: reader.bytes(),
    signature: reader.bytes(),
  };
  return { kind: 'done', result };
}

function writeFailed(writer: FieldWriter, { result }: FailedReply): void {
  writer.bytes(result.output);
  writer.integer(result.usedGas);
  writer.bytes(result.signature);
}

function readFailed(reader: FieldReader): FailedReply {
  const result = { output: reader.bytes(), usedGas: reader.integer(), signature: reader.bytes() };
  return { kind: 'failed', result };
}

function writeKeys(writer: FieldWriter, keys: readonly SpareKey[]): void {
  writer.number(keys.length);
  for (const { privateKey, publicKey, signature } of keys) {
    writer.bytes(privateKey);
    writer.bytes(publicKey);
    writer.bytes(signature);
  }
}

function readKeys(reader: FieldReader): SpareKey[] {
  return Array.from({ length: reader.number() }, () => ({
    privateKey: reader.bytes(),
    publicKey: reader.bytes(),
    signature: reader.bytes(),
  }));
}
