import { keccak256, toHex } from '@enigma-worker/crypto';
import { ExecutorError } from '../executors/errors.js';
import type { JobEnd, Settlement } from '../executors/lane.js';
import type { Lanes } from '../executors/lanes.js';
import type { LossReason } from '../executors/pool.js';
import { bytesKey } from '../bytes/bytes-key.js';
import type { TaskChange } from '../store/records.js';
import { isBehind, type Store } from '../store/store.js';
import { executionText } from '../vm/failure.js';
import type { DeployInput, DeployResult, DryRun, FailedTask, TaskInput, TaskOutcome } from './enclave.js';
import { EnclaveError, insideEnclave } from './errors.js';
import type { BuildObstacle, BuildStep } from './state/state-builder.js';
import type { StateKeys } from './state-keys.js';
import { missingStateKey, unknownContract } from './task/errors.js';
import { failedCompute, failedDeploy } from './task/failure.js';
import type { ComputeJob, DeployJob, Job, Reply } from './task/messages.js';
import type { TaskKeys } from './task-keys.js';

/** What the tasks work with. */
export interface TaskModules {
  readonly lanes: Lanes<Job, Reply>;
  readonly store: Pick<Store, 'contract' | 'commitTask' | 'commitBuild'>;
  readonly stateKeys: StateKeys;
  readonly taskKeys: TaskKeys;
  readonly signingKey: Uint8Array;
  /** Wall-clock bound of a task in milliseconds, for the text of tasks that exceed it. */
  readonly jobTimeoutMs: number;
}

/**
 * Tasks as the main thread sees them: it takes the keys, lets an executor thread run the task in the
 * contract's lane, and stores what changed before the result goes out and the contract's next task
 * begins.
 */
export class Tasks {
  readonly #modules: TaskModules;

  constructor(modules: TaskModules) {
    this.#modules = modules;
  }

  /** See `Enclave.compute`. */
  async compute(input: TaskInput): Promise<TaskOutcome> {
    const { reply, change } = await this.#compute(input, false);
    if (reply.kind === 'failed') return reply;
    if (reply.kind !== 'done') throw unexpected('compute', reply);
    const { output, usedGas, ethereumPayload, ethereumAddress, signature } = reply.result;
    const delta = change === undefined ? { key: 0 } : { key: change.state.head.index, data: change.delta };
    return {
      kind: 'done',
      result: { output, delta, usedGas, ethereumPayload, ethereumAddress, signature },
    };
  }

  /** See `Enclave.deploy`. */
  async deploy(input: DeployInput): Promise<TaskOutcome<DeployResult>> {
    return await this.#deploy(input, false, async (reply) => {
      if (reply.kind === 'failed') return reply;
      if (reply.kind !== 'deployed') throw unexpected('deploy', reply);
      const { change, result } = reply;
      await this.#modules.store.commitTask({
        address: input.contractAddress,
        ...change,
        bytecode: result.output,
      });
      return { kind: 'done', result: { ...result, delta: { key: 0, data: change.delta } } };
    });
  }

  /** See `Enclave.estimate`. */
  async estimate(input: TaskInput | DeployInput): Promise<DryRun> {
    const reply =
      'preCode' in input
        ? await this.#deploy(input, true, (ended) => Promise.resolve(ended))
        : (await this.#compute(input, true)).reply;
    if (reply.kind === 'estimate') return { ok: reply.ok, output: reply.output, usedGas: reply.usedGas };
    if (reply.kind !== 'failed') throw unexpected('dry run', reply);
    return { ok: false, output: reply.result.output, usedGas: reply.result.usedGas };
  }

  /**
   * Brings the state of a contract up to date with its stored deltas, in its turn.
   * @throws EnclaveError `STATE` when a delta is missing or does not fit
   */
  async build(address: Uint8Array): Promise<void> {
    await enclaveErrors(this.#modules.lanes.exclusive(bytesKey(address), () => this.#build(address)));
  }

  async #compute(
    input: TaskInput,
    dryRun: boolean,
  ): Promise<{ reply: Reply; change: TaskChange | undefined }> {
    const { lanes, taskKeys, stateKeys } = this.#modules;
    const { contractAddress } = input;
    const ioKey = taskKeys.take(input.userDHKey);
    const job: ComputeJob = { kind: 'compute', fresh: false, ioKey, stateKey: undefined, input, dryRun };
    let change: TaskChange | undefined;
    const settle = (reply: Reply): Settlement => {
      if (reply.kind === 'changed') ({ change } = reply);
      return this.#settle(contractAddress, reply);
    };
    // Until its turn comes, another key may take the place of this one.
    const prepare = (): void => {
      job.stateKey = stateKeys.get(contractAddress);
    };
    const run = lanes.run(bytesKey(contractAddress), job, settle, prepare);
    const end = await enclaveErrors(run);
    if (end.kind === 'reply') return { reply: end.reply, change };
    return { reply: { kind: 'failed', result: this.#lostCompute(end.reason, job) }, change };
  }

  /** Runs a constructor while nothing else runs for its address; `finish` belongs to that time. */
  async #deploy<T>(input: DeployInput, dryRun: boolean, finish: (reply: Reply) => Promise<T>): Promise<T> {
    const { lanes, taskKeys, stateKeys } = this.#modules;
    const { contractAddress } = input;
    this.#refuseExisting(contractAddress);
    const ioKey = taskKeys.take(input.userDHKey);
    const run = lanes.exclusive(bytesKey(contractAddress), async () => {
      // It may have come into being while this task waited for its turn.
      this.#refuseExisting(contractAddress);
      const stateKey = stateKeys.get(contractAddress);
      const job: DeployJob = {
        kind: 'deploy',
        fresh: true,
        ioKey,
        stateKey,
        input: compact(input),
        dryRun,
      };
      const end = await lanes.runLoose(job);
      if (end.kind === 'reply') return await finish(end.reply);
      return await finish({
        kind: 'failed',
        result: failedDeploy(input, keccak256(input.preCode), this.#loss(end.reason, input, ioKey)),
      });
    });
    return await enclaveErrors(run);
  }

  /** What must happen before the next task of the contract begins. */
  #settle(address: Uint8Array, reply: Reply): Settlement {
    if (reply.kind === 'refused') return 'again';
    if (reply.kind === 'stale') return { work: () => this.#build(address), repeat: true };
    if (reply.kind !== 'changed') return 'done';
    const { delta, state } = reply.change;
    return { work: () => this.#modules.store.commitTask({ address, delta, state }), repeat: false };
  }

  /** Builds in bounded steps, each stored before the next begins. The contract's lane is held meanwhile. */
  async #build(address: Uint8Array): Promise<void> {
    const { lanes, store, stateKeys } = this.#modules;
    for (;;) {
      const record = store.contract(address);
      if (record === undefined || !isBehind(record)) return;
      const stateKey = stateKeys.get(address);
      if (stateKey === undefined) throw systemError(missingStateKey(address));
      const job: Job = { kind: 'build', fresh: true, address, stateKey };
      const step = builtStep(address, await lanes.runLoose(job));
      if (step.change !== undefined) await store.commitBuild(address, step.change);
      if (step.next === 'done') return;
      if (step.next !== 'more') throw obstacle(address, step.next);
    }
  }

  #refuseExisting(address: Uint8Array): void {
    if (this.#modules.store.contract(address) === undefined) return;
    const detail = `the key already exists for the following address: "${toHex(address)}"`;
    throw new EnclaveError('CONTRACT_EXISTS', `Error while trying to create, Because: ${detail}`);
  }

  #lostCompute(reason: LossReason, job: ComputeJob): FailedTask {
    const { contractAddress } = job.input;
    const codeHash = this.#modules.store.contract(contractAddress)?.codeHash;
    if (codeHash === undefined) throw systemError(unknownContract(contractAddress));
    return failedCompute(job.input, codeHash, this.#loss(reason, job.input, job.ioKey));
  }

  /** Nobody knows how much gas a task used whose thread is gone: it pays for all that it was allowed. */
  #loss(reason: LossReason, input: TaskInput, ioKey: Uint8Array): Parameters<typeof failedCompute>[2] {
    const seconds = this.#modules.jobTimeoutMs / 1000;
    return {
      message: executionText(
        reason === 'timeout'
          ? `the time limit of ${seconds} s is exceeded`
          : 'the executor ended unexpectedly',
      ),
      usedGas: input.gasLimit,
      ioKey,
      signingKey: this.#modules.signingKey,
    };
  }
}

function builtStep(address: Uint8Array, end: JobEnd<Reply>): BuildStep {
  if (end.kind === 'lost') {
    const why =
      end.reason === 'timeout'
        ? 'building the state took too long'
        : 'the executor ended unexpectedly while it built the state';
    throw new EnclaveError('STATE', insideEnclave('StateError', why));
  }
  const { reply } = end;
  if (reply.kind === 'built') return reply.step;
  if (reply.kind !== 'error') throw unexpected('build', reply);
  throw new EnclaveError(
    reply.code,
    `the state of contract ${toHex(address)} cannot be built: ${reply.message}`,
  );
}

const REASONS: Record<BuildObstacle['reason'], string> = {
  MISSING: 'is missing',
  UNDECRYPTABLE: 'does not decrypt under the state key',
  MALFORMED: 'decrypts, and is no delta',
  UNCHAINED: "does not follow from the one before it: Hashes don't match, Failed Applying the delta",
  INAPPLICABLE: 'cannot be applied',
};

function obstacle(address: Uint8Array, { index, reason }: BuildObstacle): EnclaveError {
  const detail = `delta ${index} of contract ${toHex(address)} ${REASONS[reason]}`;
  return new EnclaveError('STATE', insideEnclave('StateError', detail));
}

/** Replies that are no result are system errors; any other is a bug. */
function unexpected(what: string, reply: Reply): Error {
  if (reply.kind === 'error') return systemError(reply);
  return new Error(`an executor answered a ${what} with ${reply.kind}`);
}

function systemError({ code, message }: Pick<EnclaveError, 'code' | 'message'>): EnclaveError {
  return new EnclaveError(code, message);
}

/** Errors of the lanes in the enclave's terms. */
export async function enclaveErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ExecutorError) throw new EnclaveError(error.code, error.message, { cause: error });
    throw error;
  }
}

/** Bytes that own their buffer: a view into a larger one would drag all of it to the other thread. */
function compact(input: DeployInput): DeployInput {
  const { preCode } = input;
  return preCode.length === preCode.buffer.byteLength ? input : { ...input, preCode: preCode.slice() };
}
