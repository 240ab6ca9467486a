import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import type { CompiledContract } from '@enigma-worker/contract';
import {
  type Abi,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  hexToBytes,
  toHex,
} from 'viem';
import { newMemory, takeMemory } from './memory.js';

/** What a contract did in a call. */
export interface Outcome {
  readonly result: Uint8Array;
  readonly prints: readonly string[];
  readonly ethereum: { readonly payload: Uint8Array; readonly address: Uint8Array } | undefined;
  /** The keys it wrote, as often as it did. */
  readonly writes: readonly string[];
}

/** The contract reverted or trapped; its state is what it was. */
export class Trapped extends Error {
  readonly prints: readonly string[];

  constructor(prints: readonly string[], cause: unknown) {
    super(prints.at(-1) ?? String(cause), { cause });
    this.prints = prints;
  }
}

/**
 * The host functions on a bare WebAssembly instance, so that the library is tested on its own. It knows no gas; the examples
 * run on the worker's own engine.
 */
export class Harness {
  /** Compact JSON text by key. */
  state: ReadonlyMap<string, string> = new Map();
  private readonly module: WebAssembly.Module;
  private readonly memory = newMemory();
  private readonly abi: Abi;

  constructor(contract: CompiledContract) {
    this.module = new WebAssembly.Module(takeMemory(contract.wasm));
    this.abi = contract.abi;
  }

  deploy(...args: readonly unknown[]): this {
    const constructor = this.abi.find((item) => item.type === 'constructor');
    const encoded = encodeAbiParameters(constructor?.inputs ?? [], args);
    this.run('deploy', 'construct', hexToBytes(encoded));
    return this;
  }

  /** Calls a function with values, and gives back the value of its result. */
  call(functionName: string, ...args: readonly unknown[]): unknown {
    const { result } = this.run('call', functionName, this.encode(functionName, args));
    if (result.length === 0) return undefined;
    return decodeFunctionResult({ abi: this.abi, functionName, data: toHex(result) });
  }

  encode(functionName: string, args: readonly unknown[]): Uint8Array {
    const data: Hex = encodeFunctionData({ abi: this.abi, functionName, args });
    return hexToBytes(data).slice(4);
  }

  run(entry: 'deploy' | 'call', functionName: string, args: Uint8Array): Outcome {
    const state = new Map(this.state);
    const prints: string[] = [];
    const name = new TextEncoder().encode(functionName);
    const writes: string[] = [];
    let result = new Uint8Array();
    let ethereum: Outcome['ethereum'];
    const memory = new Uint8Array(this.memory.buffer).fill(0);
    const get = (at: number, length: number): Uint8Array<ArrayBuffer> => {
      if (at + length > memory.length) throw new RangeError('outside memory');
      return memory.slice(at, at + length);
    };
    const text = (at: number, length: number): string =>
      new TextDecoder('utf-8', { fatal: true }).decode(get(at, length));
    const read = (key: string): Uint8Array => new TextEncoder().encode(state.get(key) ?? 'null');
    const functions: Record<string, (...values: number[]) => number | void> = {
      ret: (at = 0, length = 0) => void (result = get(at, length)),
      eprint: (at = 0, length = 0) => void prints.push(text(at, length)),
      read_state_len: (key = 0, keyLength = 0) => read(text(key, keyLength)).length,
      read_state: (key = 0, keyLength = 0, to = 0) => memory.set(read(text(key, keyLength)), to),
      write_state: (key = 0, keyLength = 0, value = 0, length = 0) => {
        const json = text(value, length);
        JSON.parse(json);
        state.set(text(key, keyLength), json);
        writes.push(text(key, keyLength));
      },
      remove_from_state: (key = 0, keyLength = 0) => void state.delete(text(key, keyLength)),
      fetch_function_name_length: () => name.length,
      fetch_function_name: (to = 0) => memory.set(name, to),
      fetch_args_length: () => args.length,
      fetch_args: (to = 0) => memory.set(args, to),
      write_eth_bridge: (at = 0, length = 0, address = 0) =>
        void (ethereum = { payload: get(at, length), address: get(address, 20) }),
      rand: (at = 0, length = 0) => void randomFillSync(memory, at, length),
      encrypt: (at = 0, length = 0, key = 0, to = 0) => memory.set(seal(get(at, length), get(key, 32)), to),
      decrypt: (at = 0, length = 0, key = 0, to = 0) => memory.set(open(get(at, length), get(key, 32)), to),
    };
    try {
      const instance = new WebAssembly.Instance(this.module, { env: { ...functions, memory: this.memory } });
      (instance.exports[entry] as () => void)();
    } catch (error) {
      throw new Trapped(prints, error);
    }
    this.state = state;
    return { result, prints, ethereum, writes };
  }
}

function seal(message: Uint8Array, key: Uint8Array): Uint8Array {
  const iv = randomFillSync(new Uint8Array(12));
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const ciphertext = cipher.update(message);
  cipher.final();
  return Buffer.concat([ciphertext, cipher.getAuthTag(), iv]);
}

function open(envelope: Uint8Array, key: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, envelope.slice(-12));
  decipher.setAuthTag(envelope.slice(-28, -12));
  return Buffer.concat([decipher.update(envelope.slice(0, -28)), decipher.final()]);
}
