// The parts of the core that the benchmarks of the VM take apart: its package exports only the whole worker.
import type * as compiledModule from '../../packages/core/dist/vm/compiled-module.js';
import type * as engine from '../../packages/core/dist/vm/engine.js';
import type * as executorThread from '../../packages/core/dist/vm/executor-thread.js';
import type * as context from '../../packages/core/dist/vm/host/context.js';
import type * as imports from '../../packages/core/dist/vm/host/imports.js';
import type * as instancePool from '../../packages/core/dist/vm/instance-pool.js';
import type * as callLimits from '../../packages/core/dist/vm/limits.js';
import type * as analysis from '../../packages/core/dist/vm/wasm/analyse.js';
import type * as build from '../../packages/core/dist/vm/wasm/build.js';
import type * as code from '../../packages/core/dist/vm/wasm/code.js';
import type * as decode from '../../packages/core/dist/vm/wasm/decode.js';
import type * as encode from '../../packages/core/dist/vm/wasm/encode.js';
import type * as instrumentation from '../../packages/core/dist/vm/wasm/instrument.js';
import type * as moduleLimits from '../../packages/core/dist/vm/wasm/limits.js';
import type * as writer from '../../packages/core/dist/vm/wasm/writer.js';

const dist = new URL('../../../packages/core/dist/vm/', import.meta.url);

async function load<Part>(path: string): Promise<Part> {
  return (await import(new URL(path, dist).href)) as Part;
}

export const { compile } = await load<typeof compiledModule>('compiled-module.js');
export const { Engine } = await load<typeof engine>('engine.js');
export const { executorStackMb, executorYoungGenerationMb } =
  await load<typeof executorThread>('executor-thread.js');
export const { HostContext } = await load<typeof context>('host/context.js');
export const { hostImports } = await load<typeof imports>('host/imports.js');
export const { InstancePool } = await load<typeof instancePool>('instance-pool.js');
export const { defaultCallLimits } = await load<typeof callLimits>('limits.js');
export const { buildContract } = await load<typeof build>('wasm/build.js');
export const { defaultModuleLimits, pageBytes } = await load<typeof moduleLimits>('wasm/limits.js');
export const { analyse } = await load<typeof analysis>('wasm/analyse.js');
export const { Code } = await load<typeof code>('wasm/code.js');
export const { decodeModule } = await load<typeof decode>('wasm/decode.js');
export const { encodeModule } = await load<typeof encode>('wasm/encode.js');
export const { instrument } = await load<typeof instrumentation>('wasm/instrument.js');
export const { Writer } = await load<typeof writer>('wasm/writer.js');
