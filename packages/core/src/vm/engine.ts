import { equalBytes } from '@enigma-worker/crypto';
import type { Call, CallFailure, CallOutcome } from './call.js';
import { bytesKey } from '../bytes/bytes-key.js';
import { ByteLru } from '../collections/byte-lru.js';
import { type CacheUse, UNCOUNTED } from './cache-use.js';
import { Contract } from './contract.js';
import { EngineError } from './engine-error.js';
import { executionText, outOfGasText } from './failure.js';
import { gasPrices } from './gas.js';
import { HostContext, type PrintSink } from './host/context.js';
import { InstancePool } from './instance-pool.js';
import type { Ending } from './instance.js';
import { defaultCallLimits, type CallLimits } from './limits.js';
import { buildContract } from './wasm/build.js';
import { ContractError } from './wasm/contract-error.js';
import { builtLimits, defaultModuleLimits, type ModuleLimits } from './wasm/limits.js';

/** How an {@link Engine} is set up; everything has a default. */
export interface EngineOptions {
  /** What a module may have at most. */
  readonly moduleLimits?: Partial<ModuleLimits>;
  /** What a call may use at most, besides gas. */
  readonly callLimits?: Partial<CallLimits>;
  /** Bytes of compiled code to keep; 64 MiB when absent. */
  readonly moduleCacheBytes?: number;
  /** Memories that all contracts share; 4 when absent. Each takes up to 8 MiB, and 10 GB of address space. */
  readonly memories?: number;
  /** Told how the module cache and the pool of instances are used: for metrics. */
  readonly cacheUse?: { readonly modules: CacheUse; readonly instances: CacheUse };
  /** Where `eprint` goes: nowhere when absent, for contracts may print secrets. */
  readonly print?: PrintSink;
  /** Where randomness begins: the system's generator when absent. For tests. */
  readonly randomFill?: (target: Uint8Array) => void;
}

/** Exe code, or a module to be deployed, by its hash; loaded when it is not at hand. */
export interface ContractCode {
  /** 32 bytes: keccak of the code. The caller vouches for it. */
  readonly hash: Uint8Array;
  /** Gives the code; it may be called again, and must give the same. */
  load(): Uint8Array;
}

const MiB = 1024 * 1024;

/**
 * Runs contracts, one call at a time and synchronously: there is one engine on each executor thread, which must have
 * {@link executorStackMb} of stack. Nothing of a call is visible to the next one.
 *
 * All that a contract can do wrong ends in a {@link CallFailure}; only what makes the outcome unknowable is thrown.
 */
export class Engine implements Disposable {
  readonly #moduleLimits: ModuleLimits;
  readonly #host: HostContext;
  readonly #instances: InstancePool;
  readonly #contracts: ByteLru<Contract>;
  readonly #moduleUse: CacheUse;
  /** The constructor that ran last: the same code is often deployed many times in a row. */
  #lastDeployed: { readonly hash: Uint8Array; readonly contract: Contract } | undefined;
  #closed = false;

  constructor(options: EngineOptions = {}) {
    this.#moduleLimits = { ...defaultModuleLimits, ...options.moduleLimits };
    this.#host = new HostContext({
      limits: { ...defaultCallLimits, ...options.callLimits },
      print: options.print,
      randomFill: options.randomFill,
    });
    this.#instances = new InstancePool(this.#host, options.memories ?? 4, options.cacheUse?.instances);
    this.#moduleUse = options.cacheUse?.modules ?? UNCOUNTED;
    this.#contracts = new ByteLru(options.moduleCacheBytes ?? 64 * MiB);
  }

  /**
   * Builds a contract and runs its constructor. The result is the exe code, the contract from now on.
   * @param preCode an uncompressed WebAssembly module
   * @throws EngineError when the outcome cannot be known
   */
  deploy(preCode: ContractCode, call: Call): CallOutcome {
    return this.#attempt(() => this.#run(this.#constructorOf(preCode), call));
  }

  /**
   * Calls a contract.
   * @throws EngineError when the outcome cannot be known; and whatever `code.load` and the state reader throw
   */
  compute(code: ContractCode, call: Call): CallOutcome {
    return this.#attempt(() => {
      const key = bytesKey(code.hash);
      const known = this.#contracts.get(key);
      if (known === undefined) this.#moduleUse.miss();
      else this.#moduleUse.hit();
      const contract = known ?? new Contract(() => code.load(), builtLimits(this.#moduleLimits));
      const bytes = contract.bytes;
      const outcome = this.#run(contract, call);
      if (known === undefined || contract.bytes !== bytes) this.#contracts.set(key, contract, contract.bytes);
      return outcome;
    });
  }

  /** Lets go of all code and memory. */
  close(): void {
    this.#closed = true;
    this.#contracts.clear();
    this.#lastDeployed = undefined;
    this.#instances.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #constructorOf(preCode: ContractCode): Contract {
    const { hash } = preCode;
    if (this.#lastDeployed === undefined || !equalBytes(this.#lastDeployed.hash, hash)) {
      const { constructorModule } = buildContract(preCode.load(), this.#moduleLimits);
      const contract = new Contract(() => constructorModule, builtLimits(this.#moduleLimits));
      this.#lastDeployed = { hash: hash.slice(), contract };
    }
    return this.#lastDeployed.contract;
  }

  /** Turns a refused module into a failed call. */
  #attempt(act: () => CallOutcome): CallOutcome {
    if (this.#closed) throw new EngineError('CLOSED', 'the engine is closed');
    try {
      return act();
    } catch (error) {
      if (error instanceof ContractError) return failed(error.message, 0n);
      throw error;
    } finally {
      this.#host.clear();
    }
  }

  #run(contract: Contract, call: Call): CallOutcome {
    this.#host.begin(call, false);
    let ending = this.#instances.run(contract.fast, call.gasLimit);
    if (ending.kind === 'unknown') {
      // The same call once more, with the same randomness and state, by code that knows its gas when it traps.
      this.#host.begin(call, true);
      ending = this.#instances.run(contract.exact, call.gasLimit);
    }
    return this.#outcomeOf(ending, call);
  }

  #outcomeOf(ending: Ending, call: Call): CallOutcome {
    const { meter, result, ethereum, state, revertReason } = this.#host;
    switch (ending.kind) {
      case 'unknown':
        throw new Error('exact code always tells how it ended');
      case 'out-of-gas':
        return failed(outOfGasText, call.gasLimit);
      case 'trap':
        return failed(executionText(ending.reason, revertReason), meter.charged);
      case 'done':
        if (!meter.tryCharge(finalPrice(call, result))) return failed(outOfGasText, call.gasLimit);
        return {
          ok: true,
          result,
          usedGas: meter.used,
          charged: meter.charged,
          writes: state.end(),
          ethereum,
        };
    }
  }
}

/** What is due when a contract has run to its end. */
function finalPrice(call: Call, result: Uint8Array): number {
  return call.kind === 'deploy' ? gasPrices.deployByte * result.length : gasPrices.compute;
}

function failed(message: string, usedGas: bigint): CallFailure {
  return { ok: false, message, usedGas };
}
