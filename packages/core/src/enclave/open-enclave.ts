import { equalBytes, toHex } from '@enigma-worker/crypto';
import type { StateKey } from '@enigma-worker/protocol';
import { Lanes } from '../executors/lanes.js';
import type { Logger } from '@enigma-worker/host';
import { bytesKey } from '../bytes/bytes-key.js';
import { Clock } from '../store/clock.js';
import { StoreError } from '../store/errors.js';
import { isBehind, type Store } from '../store/store.js';
import { executorStackMb, executorYoungGenerationMb } from '../vm/executor-thread.js';
import type { AttestationProvider } from './attestation/provider.js';
import type { BuildFailure, Enclave, EnclaveStats } from './enclave.js';
import { EnclaveError } from './errors.js';
import { Identity } from './identity.js';
import { KeyExchange } from './key-exchange.js';
import { type EnclaveOptions, enclaveOptions } from './options.js';
import { type Sealer, SealingError } from './sealing/sealer.js';
import { StateKeys } from './state-keys.js';
import { cacheCountsMemory, CacheTotals } from './task/cache-counts.js';
import { jobCodec, replyCodec } from './task/codecs.js';
import type { Job, Reply } from './task/messages.js';
import type { ThreadSetup } from './task/thread.js';
import { makeSpareKey, type SpareKey, TaskKeys } from './task-keys.js';
import { enclaveErrors, Tasks } from './tasks.js';

/** What the enclave is built on. */
export interface EnclaveModules {
  readonly store: Store;
  /** Folder of the store, which the executor threads open for themselves. */
  readonly storePath: string;
  readonly sealer: Sealer;
  readonly attestation: AttestationProvider;
  readonly log: Logger;
}

/**
 * Opens the signing key (makes it at the first start) and starts the executor threads.
 * @throws SealingError when the stored signing key does not open; StoreError
 */
export async function openEnclave(
  modules: EnclaveModules,
  given: Partial<EnclaveOptions> = {},
): Promise<Enclave> {
  const options = enclaveOptions(given);
  if (options.principalAddress === undefined) {
    modules.log.warn(
      {},
      'no principal address is set: state keys are taken from whoever answers a key exchange',
    );
  }
  const identity = await Identity.open(modules.store, modules.sealer, modules.attestation);
  return new StoreEnclave(modules, options, identity);
}

class StoreEnclave implements Enclave {
  readonly #store: Store;
  readonly #options: EnclaveOptions;
  readonly #identity: Identity;
  readonly #lanes: Lanes<Job, Reply>;
  readonly #stateKeys: StateKeys;
  readonly #taskKeys: TaskKeys;
  readonly #exchange: KeyExchange;
  readonly #tasks: Tasks;
  readonly #caches: CacheTotals;
  readonly #log: Logger;
  /** The answer to a key exchange that came last, until its keys are kept. */
  #exchanging: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(
    { store, storePath, sealer, log }: EnclaveModules,
    options: EnclaveOptions,
    identity: Identity,
  ) {
    this.#store = store;
    this.#options = options;
    this.#identity = identity;
    this.#log = log;
    const { signingKey } = identity;
    const cacheCounts = cacheCountsMemory();
    this.#caches = new CacheTotals(cacheCounts);
    const setup: ThreadSetup = { storePath, signingKey, niceness: options.executorNiceness, cacheCounts };
    const script = new URL('task/thread.js', import.meta.url);
    const program = {
      script,
      setup,
      stackSizeMb: executorStackMb,
      youngGenerationMb: executorYoungGenerationMb,
      jobs: jobCodec,
      replies: replyCodec,
    };
    this.#lanes = new Lanes(program, options, log);
    this.#stateKeys = new StateKeys(store, sealer, options.stateKeysInMemory);
    const make = (): SpareKey => makeSpareKey(signingKey);
    this.#taskKeys = new TaskKeys(options, make, (count) => this.#makeSpareKeys(count), options.now);
    this.#exchange = new KeyExchange(options, signingKey, options.now);
    const { jobTimeoutMs } = options;
    const [lanes, stateKeys, taskKeys] = [this.#lanes, this.#stateKeys, this.#taskKeys];
    this.#tasks = new Tasks({ lanes, store, stateKeys, taskKeys, signingKey, jobTimeoutMs });
  }

  get signingAddress(): Uint8Array {
    return this.#identity.signingAddress;
  }

  registration: Enclave['registration'] = () => this.#identity.registration();
  newTaskKey: Enclave['newTaskKey'] = (userPubKey) => this.#taskKeys.offer(userPubKey);
  deploy: Enclave['deploy'] = (input) => this.#tasks.deploy(input);
  compute: Enclave['compute'] = (input) => this.#tasks.compute(input);
  estimate: Enclave['estimate'] = (input) => this.#tasks.estimate(input);
  createExchange: Enclave['createExchange'] = (addresses) => this.#exchange.request(addresses);

  async acceptExchange(response: Uint8Array, sig?: Uint8Array): Promise<readonly BuildFailure[]> {
    // One after the other: no answer is used twice, and no two of them give one contract its first key.
    const taken = this.#exchanging.then(() => this.#takeKeys(response, sig));
    this.#exchanging = taken.catch(() => undefined);
    const { accepted, refused } = await taken;
    const failed = await this.#buildAll(accepted);
    return [...refused, ...failed].map((address) => ({ address, status: -1 }));
  }

  async exclusive<T>(address: Uint8Array, work: () => Promise<T>): Promise<T> {
    return await enclaveErrors(this.#lanes.exclusive(bytesKey(address), work));
  }

  stats(): EnclaveStats {
    const { pool, queued } = this.#lanes;
    return {
      executors: pool.size,
      queued,
      running: pool.running,
      replaced: pool.replaced,
      timedOut: pool.timedOut,
      taskKeys: this.#taskKeys.size,
      exchanges: this.#exchange.size,
      stateKeys: this.#stateKeys.size,
      caches: this.#caches.read(),
    };
  }

  async giveUp(): Promise<void> {
    await this.#lanes.close(0);
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#lanes.close(this.#options.closeGraceMs);
    this.#taskKeys.clear();
    this.#stateKeys.clear();
    this.#exchange.clear();
  }

  async #makeSpareKeys(count: number): Promise<readonly SpareKey[]> {
    const end = await this.#lanes.runLoose({ kind: 'spare-keys', fresh: true, count });
    return end.kind === 'reply' && end.reply.kind === 'spare-keys' ? end.reply.keys : [];
  }

  /** Keeps the keys of an answer; tells for which contracts that was done, and for which not. */
  async #takeKeys(
    response: Uint8Array,
    sig: Uint8Array | undefined,
  ): Promise<{ accepted: Uint8Array[]; refused: Uint8Array[] }> {
    const { id, keys } = this.#exchange.open(response, sig);
    const accepted: Uint8Array[] = [];
    const refused: Uint8Array[] = [];
    const fresh: StateKey[] = [];
    const other: StateKey[] = [];
    const clock = new Clock();
    for (const each of new Map(keys.map((each) => [bytesKey(each.address), each])).values()) {
      const held = this.#heldKey(each.address);
      if (held === undefined) fresh.push(each);
      if (held === undefined || (held !== 'damaged' && equalBytes(held, each.key)))
        accepted.push(each.address);
      else other.push(each);
      if (clock.isTurnOver) await clock.nextTurn();
    }
    await this.#stateKeys.put(fresh);
    const replaced = await Promise.all(other.map((each) => this.#replaceKey(each)));
    for (const [at, { address }] of other.entries())
      (replaced[at] === true ? accepted : refused).push(address);
    this.#exchange.finish(id);
    return { accepted, refused };
  }

  /** What is held already; a key that does not open any more keeps none of the others from being taken. */
  #heldKey(address: Uint8Array): Uint8Array | 'damaged' | undefined {
    try {
      return this.#stateKeys.get(address);
    } catch (error) {
      if (!(error instanceof SealingError) && !isOfState(error)) throw error;
      this.#log.warn({ contract: toHex(address), code: error.code }, error.message);
      return 'damaged';
    }
  }

  /**
   * Puts a key in place of another, unless the contract's state stands: it was built with its key, so that another one
   * cannot be right and would make the state unreadable.
   */
  async #replaceKey(key: StateKey): Promise<boolean> {
    return await this.exclusive(key.address, async () => {
      if (this.#store.contract(key.address)?.state !== undefined) return false;
      await this.#stateKeys.put([key]);
      return true;
    });
  }

  /** Brings states up to date, a few at a time; gives back the addresses where that fails. */
  async #buildAll(addresses: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const failed: Uint8Array[] = [];
    const queue = addresses.values();
    const clock = new Clock();
    const worker = async (): Promise<void> => {
      for (const address of queue) {
        if (clock.isTurnOver) await clock.nextTurn();
        try {
          if (this.#isBehind(address)) await this.#tasks.build(address);
        } catch (error) {
          if (!isOfState(error)) throw error;
          this.#log.warn({ contract: toHex(address), code: error.code }, error.message);
          failed.push(address);
        }
      }
    };
    await Promise.all(Array.from({ length: 2 * this.#options.threads }, worker));
    return failed;
  }

  #isBehind(address: Uint8Array): boolean {
    const record = this.#store.contract(address);
    return record !== undefined && isBehind(record);
  }
}

/** Whether a state could not be built for what is stored of it: no other contract's fares worse for that. */
function isOfState(error: unknown): error is EnclaveError | StoreError {
  if (error instanceof EnclaveError) return error.code === 'STATE' || error.code === 'STORE';
  return error instanceof StoreError && error.code === 'CORRUPT';
}
