import type { CacheCounts } from './task/cache-counts.js';

/** What DeploySecretContract and ComputeTask have in common: ciphertexts of the user and the price cap. */
export interface TaskInput {
  /** Envelope of `name(type,type,…)` under the io key. */
  readonly encryptedFn: Uint8Array;
  /** Envelope of the ABI-encoded arguments; zero bytes stand for no arguments. */
  readonly encryptedArgs: Uint8Array;
  /** 64 bytes: names the task key made for it by {@link Enclave.newTaskKey}. */
  readonly userDHKey: Uint8Array;
  readonly gasLimit: bigint;
  /** 32 bytes. */
  readonly contractAddress: Uint8Array;
}

/** A deployment: the contract's module besides the task's input. */
export interface DeployInput extends TaskInput {
  /** The uncompressed WebAssembly module. */
  readonly preCode: Uint8Array;
}

/** The delta of a task; a compute that changed nothing has key 0 and no data. */
export interface TaskDelta {
  readonly key: number;
  /** The delta's envelope under the state key. */
  readonly data?: Uint8Array;
}

/** What a task that ran to its end hands out; the signature is the receipt. */
export interface TaskResult {
  /** Exe code of a deployment (in clear), envelope of a compute's result under the io key. */
  readonly output: Uint8Array;
  readonly delta: TaskDelta;
  readonly usedGas: bigint;
  /** Empty when nothing goes to Ethereum. */
  readonly ethereumPayload: Uint8Array;
  /** 20 bytes, zeros when nothing goes to Ethereum. */
  readonly ethereumAddress: Uint8Array;
  /** 65 bytes over the receipt of docs/protocol.md, "Receipts". */
  readonly signature: Uint8Array;
}

/** Result of a deployment. */
export interface DeployResult extends TaskResult {
  readonly preCodeHash: Uint8Array;
}

/** A task that failed in a way its user pays for: a value with a receipt. */
export interface FailedTask {
  /** Envelope of the UTF-8 text that says why, under the io key. */
  readonly output: Uint8Array;
  readonly usedGas: bigint;
  readonly signature: Uint8Array;
}

/** How a task ended. System errors are thrown as {@link EnclaveError} instead. */
export type TaskOutcome<Result extends TaskResult = TaskResult> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly result: FailedTask };

/** Result of a run that commits nothing and signs nothing: for gas estimates. */
export interface DryRun {
  readonly ok: boolean;
  /** Envelope under the io key: the result (nothing for a deployment), or the text that says why it failed. */
  readonly output: Uint8Array;
  readonly usedGas: bigint;
}

/** What GetRegistrationParams hands out. */
export interface Registration {
  /** 20 bytes: the address of the signing key. */
  readonly signingKey: Uint8Array;
  readonly report: Uint8Array;
  readonly signature: Uint8Array;
}

/** What NewTaskEncryptionKey hands out. */
export interface TaskKeyOffer {
  /** 64 bytes. */
  readonly workerEncryptionKey: Uint8Array;
  readonly workerSig: Uint8Array;
}

/** What GetPTTRequest hands out: the message for the principal node and the worker's signature of it. */
export interface ExchangeOffer {
  readonly request: Uint8Array;
  readonly workerSig: Uint8Array;
}

/** A contract whose state could not be brought up to date after a key exchange. */
export interface BuildFailure {
  readonly address: Uint8Array;
  readonly status: -1;
}

/** Figures for metrics; all are counts since the start unless they say otherwise. */
export interface EnclaveStats {
  /** Executor threads now. */
  readonly executors: number;
  /** Jobs that wait, now. */
  readonly queued: number;
  /** Jobs that run, now. */
  readonly running: number;
  /** Threads replaced after a crash or by the watchdog. */
  readonly replaced: number;
  /** Jobs ended by the watchdog. */
  readonly timedOut: number;
  /** Task keys held, now. */
  readonly taskKeys: number;
  /** Exchanges pending, now. */
  readonly exchanges: number;
  /** State keys in memory, now. */
  readonly stateKeys: number;
  /** How the caches of the executor threads are used. */
  readonly caches: CacheCounts;
}

/**
 * Everything that may see a secret, behind one door. It holds the signing key, the task keys, the
 * state keys and the threads that run contracts, and commits what tasks change to the store.
 * Methods throw EnclaveError for system errors, and StoreError when the store fails.
 */
export interface Enclave extends AsyncDisposable {
  /** 20 bytes: the worker's identity. */
  readonly signingAddress: Uint8Array;

  /** The signing address with the report about the code that holds its key. */
  registration(): Promise<Registration>;

  /**
   * A fresh encryption key for one task of the user; replaces an earlier one for the same user key.
   * @throws EnclaveError `INVALID_USER_KEY` when it is not a point of secp256k1
   */
  newTaskKey(userPubKey: Uint8Array): TaskKeyOffer;

  /** Runs a constructor and commits the new contract before it resolves. */
  deploy(input: DeployInput): Promise<TaskOutcome<DeployResult>>;

  /** Runs a function of a contract and commits what it changed before it resolves. */
  compute(input: TaskInput): Promise<TaskOutcome>;

  /** Runs a constructor or a function on the current state and commits nothing. Takes the task key like a task. */
  estimate(input: TaskInput | DeployInput): Promise<DryRun>;

  /** A request for state keys; of the seed's age when it names addresses, else of the current age. */
  createExchange(addresses?: readonly Uint8Array[]): ExchangeOffer;

  /**
   * Opens the principal's answer, keeps its state keys (sealed, durable) and brings the states of the
   * contracts concerned up to date.
   * @returns the contracts whose state could not be built
   */
  acceptExchange(response: Uint8Array, sig?: Uint8Array): Promise<readonly BuildFailure[]>;

  /**
   * Runs `work` while no task of the contract runs: for writes to the store that touch it.
   * Tasks that arrive meanwhile wait.
   * @throws EnclaveError `BUSY` when too much waits for it
   */
  exclusive<T>(address: Uint8Array, work: () => Promise<T>): Promise<T>;

  stats(): EnclaveStats;

  /** Refuses new work and ends what runs: each task's promise says whether anything of it was kept. */
  giveUp(): Promise<void>;

  /** Refuses new work, lets running tasks end within the bound of the options, stops the threads. Idempotent. */
  close(): Promise<void>;
}
