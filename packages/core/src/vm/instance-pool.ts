import { type CacheUse, UNCOUNTED } from './cache-use.js';
import type { CompiledModule } from './compiled-module.js';
import type { HostContext } from './host/context.js';
import { hostImports } from './host/imports.js';
import { ContractInstance, type Ending } from './instance.js';
import { MemoryPool } from './memory-pool.js';
import type { WasmImports, WasmMemory } from './webassembly.js';

/** Runs modules, on instances that were used before wherever that cannot be noticed. */
export class InstancePool {
  readonly #host: HostContext;
  readonly #imports: (memory: WasmMemory) => WasmImports;
  readonly #memories: MemoryPool;
  readonly #use: CacheUse;
  /** The instance that a module ran on last; one call runs at a time, so that it is idle whenever it is asked for. */
  #idle = new WeakMap<CompiledModule, ContractInstance>();

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

  /** Empties all memories and lets go of all instances. */
  close(): void {
    this.#memories.clear();
    this.#idle = new WeakMap();
  }

  #take(module: CompiledModule): ContractInstance {
    const idle = this.#idle.get(module);
    if (idle !== undefined && !idle.slot.closed) {
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
    if (ending !== undefined && reusable) this.#idle.set(module, instance);
    else this.#idle.delete(module);
  }
}
