import { compile, type CompiledModule } from './compiled-module.js';
import type { ModuleLimits } from './wasm/limits.js';

/** A contract's code, compiled: fast at once, exact when it is first needed. */
export class Contract {
  readonly fast: CompiledModule;
  readonly #load: () => Uint8Array;
  readonly #limits: ModuleLimits;
  #exact: CompiledModule | undefined;

  /**
   * @param load gives exe code or a constructor; always the same
   * @throws ContractError when it cannot be run
   */
  constructor(load: () => Uint8Array, limits: ModuleLimits) {
    this.#load = load;
    this.#limits = limits;
    this.fast = compile(load(), 'fast', limits);
  }

  /** The code that knows its gas at any time. It is several times slower, and only used after a trap. */
  get exact(): CompiledModule {
    return (this.#exact ??= compile(this.#load(), 'exact', this.#limits));
  }

  /** What it takes to keep it now, in bytes. An estimate. */
  get bytes(): number {
    return this.fast.bytes + (this.#exact?.bytes ?? 0);
  }
}
