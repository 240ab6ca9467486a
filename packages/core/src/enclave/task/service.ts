import { StateError } from '@enigma-worker/protocol';
import type { Gate } from '../../executors/gate.js';
import type { Service } from '../../executors/serve.js';
import { StoreError } from '../../store/errors.js';
import { EngineError } from '../../vm/engine-error.js';
import { insideEnclave } from '../errors.js';
import { DamagedStateError } from '../state/errors.js';
import { makeSpareKey } from '../task-keys.js';
import { jobCodec, replyCodec } from './codecs.js';
import { compute } from './compute.js';
import { deploy } from './deploy.js';
import { unknownContract } from './errors.js';
import type { BuildJob, ComputeJob, Job, Reply } from './messages.js';
import { RecentChanges } from './recent-changes.js';
import type { Workshop } from './workshop.js';

type Tell = (reply: Reply) => void;

/** How an executor thread of the enclave does its jobs. */
export function taskService(workshop: Workshop): Service<Job, Reply> {
  const changes = new RecentChanges();
  return {
    jobs: jobCodec,
    replies: replyCodec,
    handle(job, gate, tell) {
      try {
        return run(workshop, changes, job, gate, tell);
      } catch (error) {
        return systemError(error);
      } finally {
        // A thread that waits for its next job must hold no snapshot: the file would grow by all that is written.
        workshop.reader.refresh();
      }
    },
  };
}

function run(workshop: Workshop, changes: RecentChanges, job: Job, gate: Gate, tell: Tell): Reply {
  switch (job.kind) {
    case 'compute':
      return computeInOrder(workshop, changes, job, gate, tell);
    case 'deploy':
      return deploy(workshop, job, gate);
    case 'build':
      return build(workshop, job);
    case 'spare-keys':
      return {
        kind: 'spare-keys',
        keys: Array.from({ length: job.count }, () => makeSpareKey(workshop.signingKey)),
      };
  }
}

function computeInOrder(
  workshop: Workshop,
  changes: RecentChanges,
  job: ComputeJob,
  gate: Gate,
  tell: Tell,
): Reply {
  const { contractAddress } = job.input;
  if (changes.refuses(contractAddress, job.fresh)) return { kind: 'refused' };
  workshop.reader.refresh();
  const reply = compute(workshop, job, gate, (change) => {
    changes.note(contractAddress);
    tell({ kind: 'changed', change });
  });
  if (reply.kind === 'stale') changes.note(contractAddress);
  return reply;
}

function build({ reader, states }: Workshop, { address, stateKey }: BuildJob): Reply {
  reader.refresh();
  const record = reader.contract(address);
  if (record === undefined) return unknownContract(address);
  return { kind: 'built', step: states.build(address, stateKey, record) };
}

/** Expected failures are values; anything else is a bug and ends the thread. */
function systemError(error: unknown): Reply {
  if (error instanceof DamagedStateError || error instanceof StateError) {
    return { kind: 'error', code: 'STATE', message: insideEnclave('StateError', error.message) };
  }
  if (error instanceof StoreError) return { kind: 'error', code: 'STORE', message: error.message };
  if (error instanceof EngineError) return { kind: 'error', code: 'ENGINE', message: error.message };
  throw error;
}
