import { type CacheUse, UNCOUNTED } from './cache-use.js';
import type { CompiledModule } from './compiled-module.js';
import type { HostContext } from './host/context.js';
import { hostImports } from './host/imports.js';
import { ContractInstance, type Ending } from './instance.js';
import { MemoryPool } from './memory-pool.js';
import type { MemorySlot } from './memory-slot.js';
import type { WasmImports, WasmMemory } from './webassembly.js';

/** Runs modules, on instances that were used before wherever that cannot be noticed. */
export class InstancePool {
  readonly #host: HostContext;
  readonly #imports: (memory: WasmMemory) => WasmImports;
  readonly #memories: MemoryPool;
  readonly #use: CacheUse;
  /**
   * For each memory the instances that ran on it last; one call runs at a time, so that they are idle whenever they are
   * asked for. Nothing else may hold an instance: a memory that the pool lets go of would stay as long as the module.
   */
  readonly #idle = new WeakMap<MemorySlot, WeakMap<CompiledModule, ContractInstance>>();

  /** @param memories how many memories all modules share */
  constructor(host: HostContext, memories: number, use: CacheUse = UNCOUNTED) {
    this.#host = host;
    this.#imports = hostImports(host);
    this.#memories = new MemoryPool(memories);
    this.#use = use;
  }

  /**
   * Runs a module once, for `gasLimit` at most. Whatever it leaves in memory is gone afterwards.
   * @throws ContractError when it cannot be instantiated
   */
  run(module: CompiledModule, gasLimit: bigint): Ending {
    const instance = this.#take(module);
    this.#memories.use(instance.slot);
    let ending: Ending | undefined;
    try {
      return (ending = instance.run(this.#host, gasLimit));
    } finally {
      this.#putBack(instance, module, ending);
    }
  }

  /** Lets go of all memories and instances. */
  close(): void {
    this.#memories.clear();
  }

  #take(module: CompiledModule): ContractInstance {
    for (const slot of this.#memories.slots) {
      const idle = this.#idle.get(slot)?.get(module);
      if (idle === undefined) continue;
      this.#use.hit();
      return idle;
    }
    this.#use.miss();
    return new ContractInstance(module, this.#memories.next(module.layout.memoryPages), this.#imports);
  }

  /** Brings the memory of an instance back, and keeps it for the next run unless this one ended in an error of ours. */
  #putBack(instance: ContractInstance, module: CompiledModule, ending: Ending | undefined): void {
    const { variant, reusable } = module.layout;
    const knowsItsWrites = ending?.kind === 'done' || (ending !== undefined && variant === 'exact');
    if (knowsItsWrites) instance.restore(this.#host);
    else instance.slot.wipe();
    const idle = this.#idle.get(instance.slot);
    if (ending === undefined || !reusable) idle?.delete(module);
    else if (idle === undefined) this.#idle.set(instance.slot, new WeakMap([[module, instance]]));
    else idle.set(module, instance);
  }
}
