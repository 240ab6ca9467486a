import { fork } from 'node:child_process';
import { once } from 'node:events';
import { median, type Row } from '../row.js';
import { contractMaker } from '../vm/contracts.js';
import {
  buildContract,
  compile,
  defaultCallLimits,
  defaultModuleLimits,
  HostContext,
  hostImports,
  InstancePool,
  pageBytes,
} from '../vm/internals.js';

const rounds = 7;
const roundMilliseconds = 500;
const gasLimit = 1_000_000n;

/** What an instrumented module exports. */
type Exports = WebAssembly.Exports & {
  readonly call: () => void;
  readonly $reset: () => void;
  readonly $gas: { value: bigint };
  readonly $limit: { value: bigint };
  readonly $pages: { value: number };
};

/** Calls a second, for as long as a round takes. */
function rate(act: () => void): number {
  const start = performance.now();
  const end = start + roundMilliseconds;
  let calls = 0;
  for (; performance.now() < end; calls++) act();
  return (calls * 1000) / (performance.now() - start);
}

/** A call on a used instance against one on a new instance with a new memory; the module is compiled before. */
async function pooledAgainstFresh(name: string, dataBytes: number, target: string): Promise<Row> {
  const make = await contractMaker();
  const module = compile(buildContract(make(dataBytes)).exe, 'fast', defaultModuleLimits);
  const host = new HostContext({ limits: defaultCallLimits });
  const call = {
    kind: 'compute',
    functionName: 'f',
    args: new Uint8Array(100).fill(7),
    gasLimit,
    state: { read: () => undefined },
  } as const;
  const checked = (run: () => unknown) => (): void => {
    host.begin(call, false);
    run();
    if (host.result.length !== 100) throw new Error('the contract did not run to its end');
    host.clear();
  };
  const pool = new InstancePool(host, 1);
  const pooled = checked(() => pool.run(module, gasLimit));
  const imports = hostImports(host);
  const fresh = checked(() => {
    const { memoryPages: pages } = module.layout;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const exports = new WebAssembly.Instance(module.module, imports(memory) as WebAssembly.Imports)
      .exports as Exports;
    exports.$reset();
    exports.$limit.value = gasLimit;
    host.meter.begin(exports.$gas, gasLimit);
    host.memory.begin(new Uint8Array(memory.buffer), () => exports.$pages.value * pageBytes);
    exports.call();
  });

  const figures: { ours: number; baseline: number }[] = [];
  rate(pooled); // until V8 has compiled its best
  for (let round = 0; round < rounds; round++) figures.push({ baseline: rate(fresh), ours: rate(pooled) });
  pool.close();
  return {
    name,
    ours: median(figures.map(({ ours }) => ours)),
    baseline: median(figures.map(({ baseline }) => baseline)),
    ratio: median(figures.map(({ ours, baseline }) => ours / baseline)),
    target,
    unit: '1/s',
  };
}

/** Calls on used instances against calls on fresh ones. */
export async function instances(): Promise<readonly Row[]> {
  return [
    await pooledAgainstFresh('calls on pooled / on fresh instances, 17 pages', 8 * 1024, '>= 12'),
    await pooledAgainstFresh('calls on pooled / on fresh instances, 1 MB of data', 1_080_000, '>= 40'),
  ];
}

/** Memory of a process that calls 100 contracts, late against early. */
export async function memory(): Promise<readonly Row[]> {
  const child = fork(new URL('../vm/memory.js', import.meta.url), { execArgv: ['--expose-gc'] });
  const [message] = (await once(child, 'message')) as [{ before: number; after: number }];
  await once(child, 'exit');
  return [
    {
      name: 'memory after 100,000 calls of 100 contracts / after 1,000',
      ours: message.after,
      baseline: message.before,
      ratio: message.after / message.before,
      target: '< 1.1',
      unit: 'MB',
    },
  ];
}
