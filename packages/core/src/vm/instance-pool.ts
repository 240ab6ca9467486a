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
    let restored = false;
    try {
      const ending = instance.run(this.#host, gasLimit);
      if (ending.kind === 'done' || module.layout.variant === 'exact') {
        instance.restore(this.#host);
        restored = true;
        if (module.layout.reusable) this.#idle.set(module, instance);
      }
      return ending;
    } finally {
      // After a trap fast code does not know what it wrote.
      if (!restored) instance.slot.wipe();
    }
  }

  /** Empties all memories and lets go of all instances. */
  close(): void {
    this.#memories.clear();
    this.#idle = new WeakMap();
  }

  #take(module: CompiledModule): ContractInstance {
    const idle = this.#idle.get(module);
    this.#idle.delete(module);
    if (idle !== undefined && !idle.slot.closed) {
      this.#use.hit();
      return idle;
    }
    this.#use.miss();
    return new ContractInstance(module, this.#memories.next(module.layout.memoryPages), this.#imports);
  }
}
