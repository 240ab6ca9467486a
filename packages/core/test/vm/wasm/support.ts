import wabt from 'wabt';
import { buildContract } from '#vm/wasm/build.js';
import { instrument } from '#vm/wasm/instrument.js';
import type { Instrumented } from '#vm/wasm/instrument.js';
import type { Variant } from '#vm/wasm/metering.js';
import { wasm } from '#vm/webassembly.js';
import type { WasmGlobal, WasmMemory } from '#vm/webassembly.js';

const toolkit = await wabt();

const features = {
  sign_extension: true,
  sat_float_to_int: true,
  mutable_globals: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  simd: true,
  threads: true,
  tail_call: true,
  exceptions: true,
  memory64: true,
  multi_memory: true,
} as const;

/** The binary of a module in text form; `check: false` lets invalid ones through. */
export function binary(text: string, check = true): Uint8Array {
  const module = toolkit.parseWat('test.wat', text, features);
  if (check) module.validate();
  const { buffer } = module.toBinary({});
  module.destroy();
  return buffer;
}

/** The exe code of a module in text form. */
export function exeOf(text: string): Uint8Array {
  return buildContract(binary(text)).exe;
}

/** What a run of a module left behind. */
export interface Run {
  /** How it trapped. */
  readonly trap: string | undefined;
  readonly gas: bigint;
  /** Names and arguments of the host functions called. */
  readonly calls: readonly (readonly (string | number)[])[];
  readonly memory: Uint8Array;
  readonly dirty: bigint;
  readonly status: number;
  readonly pages: number;
  /** What `$gas` was at the beginning of each host function. */
  readonly gasSeen: readonly bigint[];
}

/** What host functions give back, by name; a bigint is gas that they charge, and then they give 0. */
export type Host = Readonly<Record<string, ((...values: number[]) => number) | bigint>>;

interface CompiledModule {
  readonly name: string;
}

const importsOf = (
  wasm.Module as unknown as {
    imports(this: void, module: unknown): readonly CompiledModule[];
  }
).imports;

/** An instance of a contract whose host functions only keep a record, and ask `host` what to give. */
export function instantiate(
  code: Uint8Array,
  memory: WasmMemory,
  host: Host = {},
): {
  readonly exports: Record<string, unknown>;
  readonly calls: (string | number)[][];
  readonly gasSeen: bigint[];
} {
  const calls: (string | number)[][] = [];
  const gasSeen: bigint[] = [];
  let exports: Record<string, unknown> = {};
  const module = new wasm.Module(code);
  const env: Record<string, unknown> = { memory };
  for (const { name } of importsOf(module)) {
    if (name === 'memory') continue;
    env[name] = (...values: number[]): number => {
      calls.push([name, ...values]);
      const gas = exports['$gas'] as WasmGlobal<bigint> | undefined;
      if (gas !== undefined) gasSeen.push(gas.value);
      const answer = host[name] ?? 0n;
      if (typeof answer === 'function') return answer(...values);
      if (gas !== undefined) gas.value += answer;
      return 0;
    };
  }
  exports = { ...new wasm.Instance(module, { env }).exports };
  return { exports, calls, gasSeen };
}

/** Calls a function and gives the message of the trap it ends in, if it does. */
export function trapOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof wasm.RuntimeError) return error.message;
    throw error;
  }
}

/** Runs a contract the way the engine does. */
export function run(exe: Uint8Array, variant: Variant, limit = 10n ** 15n, host: Host = {}): Run {
  return runInstrumented(instrument(exe, variant), limit, host);
}

/** {@link run} of a module that is instrumented already. */
export function runInstrumented(instrumented: Instrumented, limit = 10n ** 15n, host: Host = {}): Run {
  const pages = instrumented.memoryPages;
  const memory = new wasm.Memory({ initial: pages, maximum: pages });
  const { exports, calls, gasSeen } = instantiate(instrumented.code, memory, host);
  const global = <Value>(name: string): WasmGlobal<Value> => exports[name] as WasmGlobal<Value>;
  (exports['$reset'] as () => void)();
  global<bigint>('$limit').value = BigInt.asIntN(64, limit);
  const trap = trapOf(exports['call'] as () => void);
  return {
    trap,
    gas: BigInt.asUintN(64, global<bigint>('$gas').value),
    calls,
    gasSeen,
    memory: new Uint8Array(memory.buffer),
    dirty: BigInt.asUintN(64, global<bigint>('$dirty').value),
    status: global<number>('$status').value,
    pages: global<number>('$pages').value,
  };
}

/** Gas of a run that ends well, which has to be the same in both variants. */
export function gasOf(text: string, host: Host = {}): bigint {
  const exe = exeOf(text);
  const exact = run(exe, 'exact', undefined, host);
  const fast = run(exe, 'fast', undefined, host);
  if (exact.trap !== undefined) throw new Error(`trapped: ${exact.trap}`);
  if (exact.gas !== fast.gas) throw new Error(`exact ${exact.gas}, fast ${fast.gas}`);
  return exact.gas;
}
