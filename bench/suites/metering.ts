import { median, type Row } from '../row.js';
import { buildContract, instrument } from '../vm/internals.js';
import { kernel } from '../vm/kernels.js';
import { largeModule } from '../vm/large-module.js';
import { meteredByHost } from '../vm/metering-by-host.js';
import { GAS_LIMIT, runner, type Runner, SMALL_GAS_LIMIT } from '../vm/plain-instance.js';

const kernels = ['factorisation', 'loop', 'sha256', 'sort', 'fib'];
const contracts = ['curve', 'state'];
/** What exe code imports, in pages. */
const exeMemory = { initial: 120, maximum: 128 };
const rounds = 7;
/** Long enough for the clock, short enough for many rounds. */
const roundMs = 80;
const maximumRepeats = 10_000;

/** Metered code against the same code as it is, and against code that calls the host to be metered. */
export async function metering(): Promise<readonly Row[]> {
  const plain: Comparison[] = [];
  const byHost: Row[] = [];
  const byHostOfSmallLimits: Row[] = [];
  for (const name of kernels) {
    const exe = await kernel(name);
    const ours = metered(exe);
    plain.push(compare(ours, runner(own(exe), exeMemory), roundMs));
    const what = 'gas by a host call a block / ours';
    // The limit that ours has. Below 2^31 a host would count faster, but could not serve the limits of the protocol.
    byHost.push(hostRow(exe, ours, GAS_LIMIT, `${what}: ${name}`, '>= 6'));
    byHostOfSmallLimits.push(
      hostRow(exe, ours, SMALL_GAS_LIMIT, `${what}, limits below 2^31 only: ${name}`, ''),
    );
  }
  const rows: Row[] = [
    {
      name: 'metered and stack-limited / plain: five kernels',
      ours: geometricMean(plain.map(({ a }) => a)),
      baseline: geometricMean(plain.map(({ b }) => b)),
      ratio: geometricMean(plain.map(({ ratio }) => ratio)),
      target: '<= 1.20',
      unit: 'ms',
    },
  ];
  for (const name of contracts) {
    const exe = await kernel(name);
    const { a, b, ratio } = compare(metered(exe), runner(own(exe), exeMemory), roundMs);
    rows.push({
      name: `metered and stack-limited / plain: ${name}`,
      ours: a,
      baseline: b,
      ratio,
      target: '<= 1.35',
      unit: 'ms',
    });
  }
  return [...rows, ...byHost, ...byHostOfSmallLimits];
}

/** Code that is metered by host calls with a limit, against ours. */
function hostRow(exe: Uint8Array, ours: Runner, gasLimit: bigint, name: string, target: string): Row {
  const host = runner(own(meteredByHost(exe)), exeMemory, undefined, gasLimit);
  const { a, b, ratio } = compare(host, ours, 0);
  return { name, ours: a, baseline: b, ratio, target, unit: 'ms' };
}

/** How long the exe code of a large module takes to build, against half a second. */
export async function building(): Promise<readonly Row[]> {
  const module = await largeModule();
  const times = Array.from({ length: rounds }, () => timed(() => void buildContract(module)));
  const ours = median(times);
  const baseline = 500;
  const size = (module.length / 2 ** 20).toFixed(1);
  return [
    {
      name: `exe code of ${size} MB / half a second`,
      ours,
      baseline,
      ratio: ours / baseline,
      target: '<= 1',
      unit: 'ms',
    },
  ];
}

interface Comparison {
  /** Median time of one run of the first, in ms. */
  readonly a: number;
  readonly b: number;
  /** Median of the ratios of each round. */
  readonly ratio: number;
}

/** Runs two in turn, round for round, each for at least so many milliseconds; they have to return the same. */
function compare(one: Runner, other: Runner, least: number): Comparison {
  if (Buffer.compare(one.run(), other.run()) !== 0) throw new Error('metering changes what the code does');
  // Enough for V8 to have compiled both with its optimising compiler.
  for (let warm = 0; warm < 3; warm++) timed(() => void (one.run(), other.run()));
  let repeats = 1;
  const many = (which: Runner): number =>
    timed(() => {
      for (let run = 0; run < repeats; run++) which.run();
    });
  while (many(other) < least && repeats < maximumRepeats) repeats *= 2;
  const repeat = (which: Runner): number => many(which) / repeats;
  const a: number[] = [];
  const b: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) a.push(repeat(one));
    b.push(repeat(other));
    if (round % 2 === 1) a.push(repeat(one));
  }
  return { a: median(a), b: median(b), ratio: median(a.map((time, round) => time / b[round]!)) };
}

function metered(exe: Uint8Array): Runner {
  const { code, memoryPages } = instrument(exe, 'fast');
  return runner(own(code), { initial: memoryPages, maximum: memoryPages }, ({ $reset, $limit }) => {
    ($reset as () => void)();
    ($limit as WebAssembly.Global).value = GAS_LIMIT;
  });
}

/** A copy in a buffer of its own, as WebAssembly asks for. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Milliseconds of processor time: unlike the clock it does not run while others use the processor. */
function timed(act: () => void): number {
  const start = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
