import type { MemoryImage } from './memory-slot.js';
import { wasm, type WasmModule } from './webassembly.js';
import { startBuildClock } from './wasm/build-clock.js';
import { deserializationError } from './wasm/contract-error.js';
import { instrument, type Instrumented } from './wasm/instrument.js';
import type { ModuleLimits } from './wasm/limits.js';
import type { Variant } from './wasm/metering.js';

/** What V8 keeps of a module besides its code, more or less: tables, entry code, one instance. */
const overheadBytes = 64 * 1024;

/** An instrumented module, compiled. V8 compiles its functions when they are first called. */
export interface CompiledModule {
  readonly module: WasmModule;
  readonly layout: Omit<Instrumented, 'code'>;
  /** What it takes to keep it, in bytes: the code as it came and as V8 compiles it. An estimate. */
  readonly bytes: number;
  /** The memory that an instance begins with; known after the first one. */
  image: MemoryImage | undefined;
}

/**
 * Instruments and compiles exe code or a constructor.
 * @throws ContractError when it cannot be run
 */
export function compile(code: Uint8Array, variant: Variant, limits: ModuleLimits): CompiledModule {
  const checkTime = startBuildClock(limits);
  const { code: instrumented, ...layout } = instrument(code, variant, limits);
  const module = compiled(instrumented);
  checkTime();
  return {
    module,
    layout,
    bytes: overheadBytes + 3 * instrumented.length,
    image: undefined,
  };
}

function compiled(code: Uint8Array): WasmModule {
  try {
    return new wasm.Module(code);
  } catch (error) {
    if (error instanceof wasm.CompileError) throw deserializationError('INVALID', error.message);
    throw error;
  }
}
