import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, type ClientOptions, connect } from '@enigma-worker/client';
import { silentLogger, startWorker, type Worker, type WorkerOptions } from '@enigma-worker/core';
import { type Contracts, compileContracts } from './contracts.js';
import { Principal } from './principal.js';
import { RawPeer } from './raw.js';
import { deploy, newAddress } from './user.js';

/** What a test opens is closed after it, in reverse. */
export class World implements AsyncDisposable {
  readonly principal = new Principal();
  readonly #contracts: Promise<Contracts> = compileContracts();
  readonly #cleanup: (() => unknown)[] = [];

  /** What a worker logs as an error is a bug, and fails the test. */
  readonly #bugs: unknown[] = [];
  readonly #log = {
    ...silentLogger,
    error: (fields: object, message: string): void =>
      void this.#bugs.push('err' in fields ? fields.err : message),
  };

  contracts(): Promise<Contracts> {
    return this.#contracts;
  }

  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'enigma-e2e-'));
    this.#cleanup.push(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  /** A worker on a free port, in a new folder unless one is given. */
  async worker(options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = await startWorker(
      { dataDir: options.dataDir ?? this.folder(), port: 0, ...options },
      { log: this.#log },
    );
    this.#cleanup.push(() => worker.close());
    return worker;
  }

  client(endpoint: string, options: ClientOptions = {}): Client {
    const client = connect(endpoint, { timeout: 20_000, ...options });
    this.#cleanup.push(() => client.close());
    return client;
  }

  peer(endpoint: string): RawPeer {
    const peer = new RawPeer(endpoint);
    this.#cleanup.push(() => peer.close());
    return peer;
  }

  /** A contract that does what its function's name says, deployed with a state key of the principal. */
  async deployed(client: Client, preCode?: Uint8Array): Promise<Uint8Array> {
    const address = newAddress();
    await this.principal.provision(client, [address]);
    await deploy(client, address, preCode ?? (await this.contracts()).ownMemory);
    return address;
  }

  /** Closes with the rest. */
  onClose(cleanup: () => unknown): void {
    this.#cleanup.push(cleanup);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cleanup of this.#cleanup.splice(0).reverse()) await cleanup();
    const [bug, ...others] = this.#bugs.splice(0);
    if (bug !== undefined) throw new Error(`a worker logged errors, ${others.length} more`, { cause: bug });
  }
}
