import { keccak256, toHex } from '@enigma-worker/crypto';
import type { RequestOptions, Transport } from './transport.js';

/** How many contracts are remembered; the one that came first makes room. */
const CAPACITY = 4096;

/**
 * Hashes of contracts' exe code, by address. Every receipt is judged by one, and code stays as it is once it is
 * deployed: fetching all of it for each call would cost more than the call.
 */
export class CodeHashes {
  readonly #known = new Map<string, Uint8Array>();
  readonly #transport: Pick<Transport, 'getContract'>;

  constructor(transport: Pick<Transport, 'getContract'>) {
    this.#transport = transport;
  }

  /** The hash as it is remembered, or else fetched; `undefined` when the worker has no code at this address. */
  async of(address: Uint8Array, options?: RequestOptions): Promise<Uint8Array | undefined> {
    return this.#known.get(toHex(address)) ?? this.fetch(address, options);
  }

  /** The hash as it is now: a contract that was removed and deployed anew has another one. */
  async fetch(address: Uint8Array, options?: RequestOptions): Promise<Uint8Array | undefined> {
    const { bytecode } = await this.#transport.getContract(address, options);
    if (bytecode.length === 0) return undefined;
    const hash = keccak256(bytecode);
    this.remember(address, hash);
    return hash;
  }

  /** Takes note of a hash that is known from a deployment. */
  remember(address: Uint8Array, hash: Uint8Array): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= CAPACITY && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(toHex(address), hash);
  }
}
