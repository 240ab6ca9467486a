import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addressOf,
  fromUtf8,
  generateKeyPair,
  type KeyPair,
  keccak256,
  open,
  randomBytes,
  seal,
  sharedKey,
  sign,
  utf8,
} from '@enigma-worker/crypto';
import {
  encodeExchangeResponse,
  encodeStateKeys,
  inputsHash,
  parseExchangeRequest,
  type StateKey,
} from '@enigma-worker/protocol';
import loadWabt from 'wabt';
import { simulationProvider } from '#enclave/attestation/simulation.js';
import type { BuildFailure, Enclave, ExchangeOffer, TaskInput } from '#enclave/enclave.js';
import { openEnclave } from '#enclave/open-enclave.js';
import type { EnclaveOptions } from '#enclave/options.js';
import { sealerOf } from '#enclave/sealing/sealer.js';
import { silentLogger } from '@enigma-worker/host';
import { openStore } from '#store/open.js';
import type { Store } from '#store/store.js';

const wabt = await loadWabt();

/** The module of a WAT text. */
export function assemble(text: string): Uint8Array {
  const module = wabt.parseWat('test.wat', text);
  module.resolveNames();
  return module.toBinary({}).buffer;
}

/** The module of a fixture. */
export async function fixture(name: string): Promise<Uint8Array> {
  return assemble(await readFile(new URL(`../fixtures/${name}.wat`, import.meta.url), 'utf8'));
}

/** A user's task on its way: what is sent, and the key that opens what comes back. */
export interface Sent {
  readonly input: TaskInput;
  readonly ioKey: Uint8Array;
}

/** A worker's enclave over a real store in a folder of its own, with a principal that it trusts. */
export class Lab {
  readonly principal: KeyPair = generateKeyPair();
  readonly #options: Partial<EnclaveOptions>;
  readonly #sealingKey = randomBytes(32);
  #folder = '';
  #store: Store | undefined;
  #enclave: Enclave | undefined;

  private constructor(options: Partial<EnclaveOptions>) {
    this.#options = options;
  }

  static async open(options: Partial<EnclaveOptions> = {}): Promise<Lab> {
    const lab = new Lab(options);
    lab.#folder = await mkdtemp(join(tmpdir(), 'enigma-enclave-'));
    await lab.start();
    return lab;
  }

  get enclave(): Enclave {
    return this.#enclave!;
  }

  get store(): Store {
    return this.#store!;
  }

  /** The database file. */
  get file(): string {
    return join(this.#folder, 'store', 'data.mdb');
  }

  async start(): Promise<void> {
    const storePath = join(this.#folder, 'store');
    this.#store = await openStore(storePath);
    const modules = {
      store: this.#store,
      storePath,
      sealer: sealerOf('simulation', this.#sealingKey),
      attestation: simulationProvider(new Uint8Array(32)),
      log: silentLogger,
    };
    const principalAddress = addressOf(this.principal.publicKey);
    this.#enclave = await openEnclave(modules, { threads: 2, principalAddress, ...this.#options });
  }

  async stop(): Promise<void> {
    await this.#enclave?.close();
    await this.#store?.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** What the principal answers to a request. */
  answer({ request }: ExchangeOffer, keys: readonly StateKey[]): { response: Uint8Array; sig: Uint8Array } {
    const { id, publicKey, age } = parseExchangeRequest(request);
    const own = generateKeyPair();
    const envelope = seal(sharedKey(own.privateKey, publicKey), encodeStateKeys(keys));
    const response = encodeExchangeResponse({ age, id, publicKey: own.publicKey, envelope });
    return { response, sig: sign(response, this.principal.privateKey) };
  }

  /** Gives the enclave state keys by a real exchange. */
  async provide(...keys: readonly StateKey[]): Promise<readonly BuildFailure[]> {
    const { response, sig } = this.answer(this.enclave.createExchange(), keys);
    return await this.enclave.acceptExchange(response, sig);
  }

  /** A user asks for a task key and encrypts inputs under it. */
  send(contractAddress: Uint8Array, fn: string, args: string | Uint8Array = '', gasLimit = 1_000_000n): Sent {
    const user = generateKeyPair();
    const { workerEncryptionKey } = this.enclave.newTaskKey(user.publicKey);
    const ioKey = sharedKey(user.privateKey, workerEncryptionKey);
    const plain = typeof args === 'string' ? utf8(args) : args;
    const encryptedFn = seal(ioKey, utf8(fn));
    const encryptedArgs = seal(ioKey, plain);
    return {
      input: { encryptedFn, encryptedArgs, userDHKey: user.publicKey, gasLimit, contractAddress },
      ioKey,
    };
  }

  /** A deployed contract with a state key of its own. */
  async deployed(preCode: Uint8Array, args = ''): Promise<Uint8Array> {
    const address = randomBytes(32);
    await this.provide({ address, key: randomBytes(32) });
    const { input, ioKey } = this.send(address, 'construct()', args, 10_000_000n);
    const outcome = await this.enclave.deploy({ ...input, preCode });
    if (outcome.kind === 'failed') throw new Error(textOf(ioKey, outcome.result.output));
    return address;
  }

  /** Runs a task and gives back the text of its result, or of its failure. */
  async run(address: Uint8Array, fn: string, args = '', gasLimit?: bigint): Promise<string> {
    const { input, ioKey } = this.send(address, fn, args, gasLimit);
    const { result } = await this.enclave.compute(input);
    return textOf(ioKey, result.output);
  }
}

/** The text in an envelope. */
export function textOf(ioKey: Uint8Array, envelope: Uint8Array): string {
  return fromUtf8(open(ioKey, envelope));
}

/** The inputs hash of a computation. */
export function computeInputsHash(input: TaskInput): Uint8Array {
  return inputsHash({ ...input, subject: input.contractAddress });
}

/** The inputs hash of a deployment. */
export function deployInputsHash(input: TaskInput, preCode: Uint8Array): Uint8Array {
  return inputsHash({ ...input, subject: keccak256(preCode) });
}
