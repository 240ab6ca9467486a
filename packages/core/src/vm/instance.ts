import type { CompiledModule } from './compiled-module.js';
import { EngineError } from './engine-error.js';
import { ContractStop, executionText } from './failure.js';
import { chunkBytes, chunkCount } from './guest-memory.js';
import type { HostContext } from './host/context.js';
import { emptyImage, type MemorySlot } from './memory-slot.js';
import { isStackExhausted, trapText } from './traps.js';
import {
  wasm,
  type WasmGlobal,
  type WasmImports,
  type WasmInstance,
  type WasmMemory,
} from './webassembly.js';
import { ContractError } from './wasm/contract-error.js';
import { dirtySlackBytes } from './wasm/instrument.js';
import { pageBytes } from './wasm/limits.js';

/** How a run of a contract ended. */
export type Ending =
  | { readonly kind: 'done' }
  /** The counter of gas stands at the limit. */
  | { readonly kind: 'out-of-gas' }
  /** The counter of gas is that of the trap. */
  | { readonly kind: 'trap'; readonly reason: string }
  /** Fast code failed in a way that only exact code can tell. */
  | { readonly kind: 'unknown' };

/** What an instrumented module exports; {@link Instrumented} says what it means. */
interface Exports {
  readonly call: () => void;
  readonly $reset: () => void;
  readonly $gas: WasmGlobal<bigint>;
  readonly $limit: WasmGlobal<bigint>;
  readonly $status: WasmGlobal<number>;
  readonly $pages: WasmGlobal<number>;
  readonly $dirty: WasmGlobal<bigint>;
}

const outOfGasStatus = 1;
const stackStatus = 2;

/** A module bound to one memory. It may run again once its memory is restored. */
export class ContractInstance {
  readonly slot: MemorySlot;
  readonly #module: CompiledModule;
  readonly #exports: Exports;

  /**
   * @param imports makes the imports of an instance with a memory
   * @throws ContractError when a segment lies outside of memory or table; nothing is left of the others then
   */
  constructor(module: CompiledModule, slot: MemorySlot, imports: (memory: WasmMemory) => WasmImports) {
    this.#module = module;
    this.slot = slot;
    slot.install(module.image ?? emptyImage);
    this.#exports = instantiate(module, slot, imports).exports as unknown as Exports;
    module.image ??= slot.adopt(module.layout.data);
  }

  /** Runs `call`, for `gasLimit` at most, from the beginning. */
  run(host: HostContext, gasLimit: bigint): Ending {
    const { call, $reset, $gas, $limit, $pages } = this.#exports;
    this.slot.install(this.#module.image ?? emptyImage);
    $reset();
    $limit.value = BigInt.asIntN(64, gasLimit);
    host.meter.begin($gas, gasLimit);
    host.memory.begin(this.slot.bytes, () => $pages.value * pageBytes);
    try {
      call();
      return { kind: 'done' };
    } catch (error) {
      return this.#endingOf(error);
    }
  }

  /** Brings memory back to its beginning, at a cost that follows what the call wrote. Not after a trap in fast code. */
  restore(host: HostContext): void {
    const marks = BigInt.asUintN(64, this.#exports.$dirty.value);
    const low = Number(marks & 0xffff_ffffn);
    const high = Number(marks >> 32n);
    const { length } = this.slot.bytes;
    for (let chunk = 0; chunk < chunkCount; chunk++) {
      const marked = ((chunk < 32 ? low >>> chunk : high >>> (chunk - 32)) & 1) === 1;
      if (!marked && !host.memory.isDirty(chunk)) continue;
      const start = chunk * chunkBytes;
      this.slot.restore(start, Math.min(start + chunkBytes + (marked ? dirtySlackBytes : 0), length));
    }
  }

  #endingOf(error: unknown): Ending {
    const status = this.#exports.$status.value;
    if (status === outOfGasStatus) return { kind: 'out-of-gas' };
    if (error instanceof ContractStop) {
      return error.code === 'OUT_OF_GAS' ? { kind: 'out-of-gas' } : { kind: 'trap', reason: error.message };
    }
    if (isStackExhausted(error)) {
      throw new EngineError(
        'STACK_EXHAUSTED',
        "the call needs more of the machine's stack than its thread has: how it ends cannot be known",
      );
    }
    const trap = status === stackStatus ? 'unreachable' : trapText(error);
    if (trap === undefined) throw error;
    return this.#module.layout.variant === 'exact' ? { kind: 'trap', reason: trap } : { kind: 'unknown' };
  }
}

function instantiate(
  { module }: CompiledModule,
  slot: MemorySlot,
  imports: (memory: WasmMemory) => WasmImports,
): WasmInstance {
  try {
    return new wasm.Instance(module, imports(slot.memory));
  } catch (error) {
    slot.wipe();
    if (error instanceof wasm.RuntimeError || error instanceof wasm.LinkError) {
      throw new ContractError('INVALID', executionText(`Instantiation: ${error.message}`));
    }
    throw error;
  }
}
